import type { Adapter, CaseData, LibraryOptions, LossName, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsFirst, size, skip } from './vectors.ts'

/** Always one score per class over the batch; smoothing on the overlap scale; a floor of `eps` under the denominator. */
function region(options: LibraryOptions): Record<string, unknown> {
  const smooth = options['smooth'] ?? 0
  return {
    form: 'absolute',
    scorePer: 'class',
    smooth: { numerator: smooth, denominator: smooth, floor: options['eps'] ?? 1e-7 },
    smoothScale: 'overlap',
    // An absent class has loss 0 and counts in the mean.
    emptyClass: 'perfect',
    ...(options['classes'] === undefined ? {} : { classes: options['classes'] }),
    ...(options['class_weights'] === undefined ? {} : { classWeights: options['class_weights'] }),
    ...(options['ignore_index'] === undefined ? {} : { ignoreIndex: options['ignore_index'] }),
  }
}

function activationOf({ options }: VectorCase): string {
  if (options['from_logits'] === false) return 'none'
  return options['mode'] === 'multiclass' ? 'softmax' : 'sigmoid'
}

/** Binary mode flattens everything behind the first axis: one class. */
function dataOf(row: VectorCase): CaseData {
  if (row.options['mode'] !== 'binary') return channelsFirst(row)
  const [samples = 1] = row.input_shape
  return channelsFirst({ ...row, input_shape: [samples, 1, size(row.input_shape) / samples], target_kind: 'one-hot' })
}

function lossOf(row: VectorCase): LossName | Skip {
  const log = row.options['log_loss'] === true
  if (log && row.loss !== 'DiceLoss') return skip('a logarithm of a Jaccard or Tversky score: of Dice only')
  if (row.loss === 'TverskyLoss') {
    const gamma = row.options['gamma'] ?? 1
    return gamma === 1 ? 'tverskyLoss' : skip('gamma raises the mean over the classes, not the loss of each class')
  }
  if (row.loss === 'JaccardLoss') return 'jaccardLoss'
  return log ? 'logDiceLoss' : 'diceLoss'
}

/** The score functions: one score of everything, or (`dims: [1]`) of each row, averaged by the test. */
function score(row: VectorCase): Plan | Skip {
  const loss = ({ soft_dice_score: 'diceLoss', soft_jaccard_score: 'jaccardLoss' } as const)[row.loss] ?? 'tverskyLoss'
  const samples = row.options['dims'] === undefined ? 1 : (row.input_shape[0] ?? 1)
  const input_shape = [samples, 1, size(row.input_shape) / samples]
  const weights = loss === 'tverskyLoss' ? { alpha: row.options['alpha'], beta: row.options['beta'] } : {}
  return {
    parts: [
      {
        loss,
        options: { activation: 'none', ...region(row.options), emptyClass: 'smooth', ...weights, scorePer: 'sample' },
      },
    ],
    data: channelsFirst({ ...row, input_shape, target_kind: 'one-hot' }),
    read: (total) => [1 - total.loss],
  }
}

/** segmentation_models.pytorch: `[N, C, …spatial]`, labels `[N, …spatial]` in multiclass mode. */
export const smp: Adapter = (row): Plan | Skip => {
  const { options } = row
  switch (row.loss) {
    case 'DiceLoss':
    case 'JaccardLoss':
    case 'TverskyLoss': {
      const loss = lossOf(row)
      if (typeof loss !== 'string') return loss
      const weights = loss === 'tverskyLoss' ? { alpha: options['alpha'] ?? 0.5, beta: options['beta'] ?? 0.5 } : {}
      return {
        parts: [{ loss, options: { activation: activationOf(row), ...region(options), ...weights } }],
        data: dataOf(row),
      }
    }
    case 'soft_dice_score':
    case 'soft_jaccard_score':
    case 'soft_tversky_score':
      return score(row)
    case 'SoftCrossEntropyLoss':
      return {
        parts: [
          {
            loss: 'crossEntropyLoss',
            options: {
              activation: 'softmax',
              labelSmoothing: options['smooth_factor'],
              reduction: options['reduction'] ?? 'mean',
              // Ignored pixels are counted in the mean.
              meanOver: 'pixels',
              ignoreIndex: options['ignore_index'] ?? -100,
            },
          },
        ],
        data: channelsFirst(row),
      }
    case 'SoftBCEWithLogitsLoss':
      return {
        parts: [
          {
            loss: 'binaryCrossEntropyLoss',
            // smp moves a target by its factor on either side, maskloss towards ½ by half of it.
            options: { activation: 'sigmoid', labelSmoothing: 2 * Number(options['smooth_factor'] ?? 0) },
          },
        ],
        data: channelsFirst(row),
      }
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
