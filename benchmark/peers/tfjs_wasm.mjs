// How far is the library that Node and browsers have had so far? TensorFlow.js on WebAssembly, with its threads and SIMD.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const NOT_INSTALLED = 77
const NO_WORKLOAD = 78
const LEAST_ROUNDS = 3
const task = JSON.parse(process.argv[2])

const parts = [import('@tensorflow/tfjs'), import('@tensorflow/tfjs-backend-wasm')]
const [tf, wasm] = await Promise.all(parts).catch((error) => {
  console.error(error.message.split('\n')[0])
  process.exit(NOT_INSTALLED)
})
const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))
wasm.setWasmPaths(`${folder}/`)
wasm.setThreadsCount(task.threads)
await tf.setBackend('wasm')
await tf.ready()

function dice(p, g, axes, smooth) {
  const overlap = p.mul(g).sum(axes).mul(2).add(smooth)
  const sizes = p.sum(axes).add(g.sum(axes)).add(smooth)
  return tf.scalar(1).sub(overlap.div(sizes)).mean()
}

/** Classes last, as TensorFlow.js wants its softmax and its one-hot planes. */
const softmaxDice = (z, y) => dice(tf.softmax(z), tf.oneHot(y, z.shape.at(-1)).toFloat(), rest(z), 1e-5)
const rest = (z) => z.shape.slice(1).map((_, axis) => axis)

function diceCrossEntropy(z, y) {
  const own = tf.oneHot(y, z.shape.at(-1)).toFloat().mul(z).sum(-1)
  return softmaxDice(z, y).add(tf.logSumExp(z, -1).sub(own).mean())
}

const losses = {
  W1: (z, y) => dice(tf.sigmoid(z), y.toFloat(), [1, 2], 1e-5),
  W2: softmaxDice,
  W3: diceCrossEntropy,
  W4: diceCrossEntropy,
  W5: (p, g) => dice(p, g, [1], 1e-5),
  W6a: (p, g) =>
    g
      .mul(p.clipByValue(1e-7, 1 - 1e-7).log())
      .sum(-1)
      .mean()
      .neg(),
  W6b: (p, g) => dice(p, g, [0, 1, 2], 1e-7),
}
const loss = losses[task.name]
if (loss === undefined) {
  console.error(`no ${task.name} here`)
  process.exit(NO_WORKLOAD)
}

const {
  shape,
  prediction: kind,
  target: targetKind,
} = JSON.parse(readFileSync(join(task.folder, 'tensors.json'), 'utf8'))
const bytes = (name) => Uint8Array.from(readFileSync(join(task.folder, `${name}.bin`))).buffer
const isLast = task.name.startsWith('W6')
const [samples, classes, ...spatial] = shape
const pixels = spatial.reduce((a, b) => a * b, 1)

/** Planes to channels last, before the clock starts. */
function channelsLast(flat) {
  if (isLast) return tf.tensor(flat, shape)
  return tf.tidy(() => tf.tensor(flat, [samples, classes, pixels]).transpose([0, 2, 1]))
}

const z =
  task.name === 'W1'
    ? tf.tensor(new Float32Array(bytes('prediction')), [samples, ...spatial])
    : channelsLast(new Float32Array(bytes('prediction')))
const y =
  targetKind === kind
    ? channelsLast(new Float32Array(bytes('target')))
    : tf.tensor(
        Int32Array.from(new Uint8Array(bytes('target'))),
        task.name === 'W1' ? z.shape : [samples, pixels],
        'int32',
      )

const forward = () => tf.tidy(() => loss(z, y).dataSync()[0])
const both = tf.valueAndGrad((z) => loss(z, y))
const gradient = () =>
  tf.tidy(() => {
    const { value, grad } = both(z)
    grad.dataSync()
    return value.dataSync()[0]
  })

function quantile(sorted, share) {
  const place = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below + (above - below) * (place % 1)
}

for (const [mode, call] of Object.entries({ forward, gradient })) {
  let value = call()
  const calls = task.name === 'W5' ? 20 : 1
  const times = []
  const began = performance.now()
  for (let round = 0; round < task.rounds; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - began > task.budget) break
    const start = performance.now()
    for (let i = 0; i < calls; i++) value = call()
    times.push((performance.now() - start) / calls)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const [lower, median, upper] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share))
  const taken = { median, lower, upper, rounds: times.length }
  console.log(JSON.stringify({ peer: 'tfjs-wasm', name: task.name, mode, threads: task.threads, taken, loss: value }))
}
process.exit(0)
