/** kornia 0.8: `kornia.losses`. Predictions `[N, C, …]`, logits. */
export { BinaryFocalLossWithLogits, binaryFocalLossWithLogits, FocalLoss, focalLoss } from './focal.ts'
export { DiceLoss, diceLoss, TverskyLoss, tverskyLoss } from './region.ts'
export { LovaszHingeLoss, lovaszHingeLoss, LovaszSoftmaxLoss, lovaszSoftmaxLoss } from './lovasz.ts'
