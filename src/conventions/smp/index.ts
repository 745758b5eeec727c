/** segmentation-models-pytorch 0.5: `segmentation_models_pytorch.losses`. */
export { SoftBCEWithLogitsLoss, SoftCrossEntropyLoss } from './cross-entropy.ts'
export { FocalLoss } from './focal.ts'
export { LovaszLoss } from './lovasz.ts'
export { MCCLoss } from './mcc.ts'
export { DiceLoss, JaccardLoss, TverskyLoss } from './region.ts'
export { softDiceScore, softJaccardScore, softTverskyScore } from './scores.ts'
