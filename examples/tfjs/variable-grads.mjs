// A training loop of one's own in tfjs, on its wasm backend: the same function that model.compile takes goes into
// tf.variableGrads. The target is a label map, with pixels that nobody labeled.
import * as tf from '@tensorflow/tfjs-core'
import * as tfl from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-wasm'
import { DiceCrossEntropyLoss } from 'maskloss'
import { tfLoss } from 'maskloss/tfjs'
import { conv2DBackpropFilter } from './wasm/conv2d-backprop-filter.mjs'

await tf.setBackend('wasm')
tf.registerKernel(conv2DBackpropFilter)

// Class 2 where the noise is bright, 1 where it is dark, 0 between; and 255, not labeled, in every fourth column.
const images = tf.randomNormal([8, 16, 16, 1], 0, 1, 'float32', 1)
const means = tf.squeeze(tf.avgPool(images, 3, 1, 'same'), [3])
const classes = tf.where(tf.greater(means, 0.2), 2, tf.where(tf.less(means, -0.2), 1, 0))
const unlabeled = tf.equal(tf.mod(tf.range(0, 16), 4), 3)
const labels = tf.where(unlabeled, 255, classes)

const kernelInitializer = tfl.initializers.glorotUniform({ seed: 1 })
const options = { kernelSize: 3, padding: 'same', kernelInitializer }
const model = tfl.sequential()
model.add(tfl.layers.conv2d({ ...options, inputShape: [16, 16, 1], filters: 8, activation: 'relu' }))
model.add(tfl.layers.conv2d({ ...options, filters: 3 }))

const loss = tfLoss(new DiceCrossEntropyLoss({ activation: 'softmax', ignoreIndex: 255 }))
const optimizer = tf.train.adam(0.05)
for (let step = 0; step <= 60; step++) {
  const { value, grads } = tf.variableGrads(() => loss(labels, model.apply(images, { training: true })))
  optimizer.applyGradients(grads)
  if (step % 30 === 0) console.log(`step ${step}: ${value.dataSync()[0].toFixed(2)}`)
  tf.dispose([value, grads])
}
// → step 0: 1.83
// → step 30: 0.16
// → step 60: 0.06
