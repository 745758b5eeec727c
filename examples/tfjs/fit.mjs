import * as tf from '@tensorflow/tfjs-core'
import * as tfl from '@tensorflow/tfjs-layers'
import '@tensorflow/tfjs-backend-cpu'
import { DiceLoss } from 'maskloss'
import { tfLoss } from 'maskloss/tfjs'

// Images of noise, and masks of where they are bright: both [16, 16, 16, 1].
const images = tf.randomNormal([16, 16, 16, 1], 0, 1, 'float32', 1)
const masks = tf.greater(tf.avgPool(images, 3, 1, 'same'), 0.2)

const kernelInitializer = tfl.initializers.glorotUniform({ seed: 1 })
const options = { kernelSize: 3, padding: 'same', kernelInitializer }
const model = tfl.sequential()
model.add(tfl.layers.conv2d({ ...options, inputShape: [16, 16, 1], filters: 4, activation: 'relu' }))
model.add(tfl.layers.conv2d({ ...options, filters: 1 }))
model.compile({ optimizer: tf.train.adam(0.05), loss: tfLoss(new DiceLoss({ activation: 'sigmoid' })) })

const { history } = await model.fit(images, masks, { epochs: 20, batchSize: 8, shuffle: false })
console.log(history.loss.at(0).toFixed(2), history.loss.at(-1).toFixed(2))
// → 0.62 0.12
