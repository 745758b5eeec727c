/** TensorFlow.js 4: `tf.losses` and the losses of its layers. tfjs takes labels first; here the prediction comes first, as everywhere. */
export { binaryCrossentropy, categoricalCrossentropy, sigmoidCrossEntropyWithLogits } from './layers.ts'
export { logLoss, sigmoidCrossEntropy, softmaxCrossEntropy } from './losses.ts'
