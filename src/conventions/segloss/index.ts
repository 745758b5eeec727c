/** SegLossOdyssey: `losses_pytorch`. */
export { ExpLogLoss, FocalLoss, TopKLoss } from './entropy.ts'
export { GDiceLoss, GDiceLossV2, PenaltyGDiceLoss } from './generalized-dice.ts'
export { AsymLoss, FocalTverskyLoss, IoULoss, SoftDiceLoss, SSLoss, TverskyLoss } from './region.ts'
