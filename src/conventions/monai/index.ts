/** MONAI 1.5: `monai.losses`. */
export { AsymmetricUnifiedFocalLoss } from './unified-focal.ts'
export { DeepSupervisionLoss } from './deep-supervision.ts'
export { DiceLoss, GeneralizedDiceLoss, MaskedDiceLoss, TverskyLoss } from './dice.ts'
export { DiceCELoss } from './dice-cross-entropy.ts'
export { DiceFocalLoss, FocalLoss, GeneralizedDiceFocalLoss } from './focal.ts'
export { GeneralizedWassersteinDiceLoss } from './wasserstein.ts'
