import { meanOfRows } from './keras.ts'
import type { Adapter, LibraryOptions, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsLast, flatten, size, skip } from './vectors.ts'

/** SUM_BY_NONZERO_WEIGHTS, the default, divides by the number of weights that are not 0; MEAN by the weights. */
function reduced(options: LibraryOptions): { reduction: string; meanOver: string } {
  const reduction = options['reduction'] ?? 'SUM_BY_NONZERO_WEIGHTS'
  return {
    reduction: reduction === 'NONE' ? 'none' : reduction === 'SUM' ? 'sum' : 'mean',
    meanOver: reduction === 'MEAN' ? 'weights' : 'valid-pixels',
  }
}

function weightsOf(row: VectorCase): { shape: readonly number[]; value: Float64Array } | undefined {
  const weights = row.extra?.['weights']
  if (weights === undefined || typeof weights !== 'object' || !('shape' in weights)) return undefined
  return { shape: weights.shape, value: flatten(weights.value) }
}

/** One weight a pixel (its rows), one a class (its columns), or one an element, which maskloss has not. */
function weighted(row: VectorCase): { pixelWeights?: Float64Array; classWeights?: number[] } | Skip {
  const weights = weightsOf(row)
  if (weights === undefined) return {}
  const classes = row.input_shape.length === 1 ? 1 : (row.input_shape.at(-1) ?? 1)
  const pixels = size(row.input_shape) / classes
  if (weights.shape.length === 1 && weights.value.length === pixels) return { pixelWeights: weights.value }
  if (weights.shape.length === 2 && weights.shape[0] === 1) return { classWeights: [...weights.value] }
  return skip('one weight an element')
}

function softmaxCrossEntropy(row: VectorCase): Plan | Skip {
  const weights = weighted(row)
  if ('skip' in weights) return weights
  const { pixelWeights } = weights
  const data = channelsLast({ ...row, target_kind: 'one-hot' })
  return {
    parts: [{ loss: 'crossEntropyLoss', options: { activation: 'softmax', ...reduced(row.options) } }],
    data: pixelWeights === undefined ? data : { ...data, pixelWeights },
  }
}

/** Per element, from logits, or from probabilities. */
function binaryCrossEntropy(row: VectorCase, activation: 'sigmoid' | 'none'): Plan | Skip {
  const weights = weighted(row)
  if ('skip' in weights) return weights
  const { pixelWeights, classWeights } = weights
  const input_shape = row.input_shape.length === 1 ? [...row.input_shape, 1] : row.input_shape
  const data = channelsLast({ ...row, input_shape, target_kind: 'one-hot' })
  return {
    parts: [
      {
        loss: 'binaryCrossEntropyLoss',
        options: {
          activation,
          labelSmoothing: row.options['labelSmoothing'] ?? 0,
          classWeights,
          ...reduced(row.options),
        },
      },
    ],
    data: pixelWeights === undefined ? data : { ...data, pixelWeights },
  }
}

/** TensorFlow.js: classes last. */
export const tfjs: Adapter = (row): Plan | Skip => {
  switch (row.loss) {
    case 'losses.softmaxCrossEntropy':
      return softmaxCrossEntropy(row)
    case 'losses.sigmoidCrossEntropy':
      return binaryCrossEntropy(row, 'sigmoid')
    case 'losses.logLoss':
      if (row.expected === 'NaN') return skip('the logarithm of a negative prediction: maskloss clips it')
      return binaryCrossEntropy(row, 'none')
    case 'layers.categoricalCrossentropy':
      return {
        parts: [{ loss: 'crossEntropyLoss', options: { activation: 'softmax', reduction: 'none' } }],
        data: channelsLast({ ...row, target_kind: 'one-hot' }),
      }
    case 'layers.sigmoidCrossEntropyWithLogits':
      return binaryCrossEntropy({ ...row, options: { reduction: 'NONE' } }, 'sigmoid')
    case 'layers.binaryCrossentropy': {
      const plan = binaryCrossEntropy({ ...row, options: { reduction: 'NONE' } }, 'none')
      const classes = row.input_shape.at(-1) ?? 1
      return 'skip' in plan ? plan : { ...plan, read: ({ values }) => meanOfRows(values, classes) }
    }
    default:
      return skip(`${row.loss} only reduces losses that are given`)
  }
}
