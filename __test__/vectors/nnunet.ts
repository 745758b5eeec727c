import type { Adapter, LibraryOptions, Part, Plan, Skip } from './vectors.ts'
import { channelsFirst, skip } from './vectors.ts'

/** `(2I + s)/max(P + G + s, 1e-8)`, negated: one less than our loss. */
function dice(options: LibraryOptions): Record<string, unknown> {
  const smooth = options['smooth'] ?? 1
  return {
    smooth: { numerator: smooth, denominator: smooth, floor: 1e-8 },
    smoothScale: 'dice',
    scorePer: options['batch_dice'] === true ? 'class' : 'sample-class',
    ...(options['do_bg'] === false ? { includeBackground: false } : {}),
  }
}

/** nnU-Net v2: `[N, C, …spatial]`, labels `[N, 1, …spatial]` or one plane per region. */
export const nnunet: Adapter = (row): Plan | Skip => {
  const { options } = row
  const data = channelsFirst(row)
  const negated = (parts: Part[]): Plan => ({ parts, data, read: (total) => [total.loss - 1] })
  switch (row.loss) {
    case 'SoftDiceLoss':
    case 'MemoryEfficientSoftDiceLoss':
      if (options['clip_tp'] !== undefined)
        return skip('clip_tp bounds the intersection from below: maskloss has no such option')
      return negated([{ loss: 'diceLoss', options: { activation: 'softmax', ...dice(options) } }])
    case 'DC_and_CE_loss':
      return negated([
        {
          loss: 'diceCrossEntropyLoss',
          options: {
            activation: 'softmax',
            ignoreIndex: options['ignore_label'],
            dice: dice(options['soft_dice_kwargs'] as LibraryOptions),
            crossEntropy: { meanOver: 'valid-pixels' },
          },
        },
      ])
    case 'DC_and_BCE_loss':
      return negated([
        {
          loss: 'diceLoss',
          options: { activation: 'sigmoid', ...dice(options['soft_dice_kwargs'] as LibraryOptions) },
        },
        { loss: 'binaryCrossEntropyLoss', options: { activation: 'sigmoid', meanOver: 'pixels' } },
      ])
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}

/** SegLossOdyssey's Dice is the same negated score, with its smoothing added instead of a floor. */
export const segloss: Adapter = (row): Plan | Skip => {
  const { options } = row
  if (row.loss !== 'SoftDiceLoss') return skip(`${row.loss} is not one of this version's losses`)
  if (options['square'] === true) return skip('squares the true positive, false positive and false negative maps')
  return {
    parts: [{ loss: 'diceLoss', options: { activation: 'softmax', ...dice(options), smooth: options['smooth'] ?? 1 } }],
    data: channelsFirst(row),
    read: (total) => [total.loss - 1],
  }
}

/** JDTLosses with its default averages: one Tversky score per class over the data set, absent classes left out. */
export const jdt: Adapter = (row): Plan | Skip => {
  const { options } = row
  if (options['mIoUD'] === 0 || options['mIoUC'] === 1) return skip('image-wise and class-wise averages in one loss')
  return {
    parts: [
      {
        loss: 'tverskyLoss',
        options: {
          activation: 'softmax',
          form: 'absolute',
          scorePer: 'class',
          smooth: options['smooth'] ?? 1e-3,
          smoothScale: 'overlap',
          alpha: options['alpha'] ?? 1,
          beta: options['beta'] ?? 1,
          emptyClass: 'skip',
        },
      },
    ],
    data: channelsFirst(row),
  }
}
