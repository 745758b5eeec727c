/** optax 0.2: `optax.losses`. Classes last. */
export { binaryDiceLoss, diceLoss, multiclassGeneralizedDiceLoss } from './segmentation.ts'
export {
  polyLossCrossEntropy,
  safeSoftmaxCrossEntropy,
  softmaxCrossEntropy,
  softmaxCrossEntropyWithIntegerLabels,
} from './softmax.ts'
export { sigmoidBinaryCrossEntropy, sigmoidFocalLoss } from './sigmoid.ts'
