// Training in jax-js, which has no gradients of one's own making: vjp runs the model and keeps the way back, and the gradient
// ∂loss/∂logits of maskloss is what is sent back on it.
import { init, defaultDevice, lax, nn, numpy as np, vjp } from '@jax-js/jax'
import { DiceLoss } from 'maskloss'

await init('wasm')
defaultDevice('wasm')

// Stripes, and masks of where two of them meet: [4, 1, 16, 16].
const [samples, side] = [4, 16]
const shape = [samples, 1, side, side]
const brightness = new Float32Array(samples * side * side)
for (let i = 0; i < brightness.length; i++) {
  const [n, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side]
  brightness[i] = Math.sin(((n + 2) * y) / 4) + Math.cos(((n + 3) * x) / 5)
}
const masks = Uint8Array.from(brightness, (value) => (value > 0.7 ? 1 : 0))
const images = np.array(brightness, { shape })

// Arrays of jax-js belong to whom they are passed; `ref` keeps them.
const weights = (outputs, inputs) =>
  np.array(
    Float32Array.from({ length: outputs * inputs * 9 }, (_, i) => Math.sin(i * i) / 3),
    { shape: [outputs, inputs, 3, 3] },
  )
const model = ([first, second]) =>
  lax.conv(nn.relu(lax.conv(images.ref, first, [1, 1], 'SAME')), second, [1, 1], 'SAME')

let parameters = [weights(4, 1), weights(1, 4)]
const criterion = new DiceLoss({ activation: 'sigmoid' })
for (let step = 0; step <= 60; step++) {
  const [logits, back] = vjp(model, [parameters.map((parameter) => parameter.ref)])
  const { loss, gradient } = criterion.evaluate(logits, masks, { gradient: true })
  const [slopes] = back(np.array(gradient, { shape }))
  parameters = parameters.map((parameter, i) => parameter.sub(slopes[i].mul(1)))
  if (step % 30 === 0) console.log(`step ${step}: ${loss.toFixed(2)}`)
  logits.dispose()
  back.dispose()
}
// → step 0: 0.71
// → step 30: 0.14
// → step 60: 0.11
