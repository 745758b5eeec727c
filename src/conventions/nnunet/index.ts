/** nnU-Net 2.6: `nnunetv2.training.loss`, and its trainer's settings. */
export { DC_and_BCE_loss } from './regions.ts'
export { DC_and_CE_loss, DC_and_topk_loss, TopKLoss } from './cross-entropy.ts'
export { MemoryEfficientSoftDiceLoss, SoftDiceLoss } from './dice.ts'
export { trainer } from './trainer.ts'
