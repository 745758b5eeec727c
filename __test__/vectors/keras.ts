import type { Adapter, CaseData, LibraryOptions, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsLast, flatten, size, skip } from './vectors.ts'

/** What one Keras score is made of: the axes that are summed over, of `[N, H, W, C]`. */
function scorePerOf(axis: unknown): string | undefined {
  switch (JSON.stringify(axis ?? null)) {
    case 'null':
      return 'batch'
    case '[1,2]':
      return 'sample-class'
    case '[0,1,2]':
      return 'class'
    case '[1,2,3]':
      return 'sample'
    default:
      return undefined
  }
}

function region(row: VectorCase): Plan | Skip {
  const { options } = row
  const scorePer = scorePerOf(options['axis'])
  if (scorePer === undefined) return skip(`sums over the axes ${JSON.stringify(options['axis'])}`)
  const dice = row.loss === 'Dice'
  const samples = row.input_shape[0] ?? 1
  const single = row.input_shape.length < 3
  return {
    parts: [
      {
        loss: dice ? 'diceLoss' : 'tverskyLoss',
        options: {
          activation: 'none',
          scorePer,
          smooth: { numerator: 0, denominator: 1e-7 },
          smoothScale: dice ? 'dice' : 'overlap',
          reduction: reductionOf(options),
          ...(dice ? {} : { alpha: options['alpha'] ?? 0.5, beta: options['beta'] ?? 0.5 }),
        },
      },
    ],
    data: channelsLast({ ...row, target_kind: 'one-hot' }, single ? 1 : samples),
  }
}

function reductionOf(options: LibraryOptions): string {
  const reduction = 'reduction' in options ? options['reduction'] : 'sum_over_batch_size'
  if (reduction === null || reduction === 'none') return 'none'
  return reduction === 'sum' ? 'sum' : 'mean'
}

/** The class axis moved last: every other position is a pixel. */
function classesLast(row: VectorCase): CaseData {
  const shape = row.input_shape
  const axis = Number(row.options['axis'] ?? -1)
  const at = axis < 0 ? shape.length + axis : axis
  if (at === shape.length - 1) return channelsLast({ ...row, target_kind: targetKindOf(row) })
  const input = flatten(row.input)
  const classes = shape[at] ?? 1
  const inner = size(shape.slice(at + 1))
  const outer = size(shape.slice(0, at))
  const prediction = new Float64Array(input.length)
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < inner; i++) prediction[(o * inner + i) * classes + c] = input[(o * classes + c) * inner + i]!
    }
  }
  const input_shape = [outer, inner, classes]
  return { ...channelsLast({ ...row, input_shape, target_kind: targetKindOf(row) }), prediction }
}

const targetKindOf = (row: VectorCase): string => (row.loss.startsWith('Sparse') ? 'labels' : 'one-hot')

/** One weight a pixel, from a scalar, or from one weight a sample or a pixel. */
function pixelWeightsOf(row: VectorCase, pixels: number): Float64Array | undefined {
  const given = row.extra?.['sample_weight']
  if (given === undefined) return undefined
  const weights = flatten(given)
  return Float64Array.from({ length: pixels }, (_, v) => weights[Math.floor((v * weights.length) / pixels)]!)
}

/** `q = p/Σp`, which Keras does before it clips; and from `∂ℓ/∂q` back to `∂ℓ/∂p_k = (h_k − Σ_j q_j h_j)/Σp`. */
function normalized(data: CaseData): Pick<Plan, 'data' | 'readGradient'> {
  const [samples, pixels, classes] = data.shape
  const q = Float64Array.from(data.prediction)
  const totals = new Float64Array(samples * pixels)
  for (let v = 0; v < totals.length; v++) {
    const p = q.subarray(v * classes, (v + 1) * classes)
    totals[v] = p.reduce((sum, value) => sum + value, 0)
    p.forEach((value, c) => (p[c] = value / totals[v]!))
  }
  return {
    data: { ...data, prediction: q },
    readGradient: (h) =>
      h.map((slope, i) => {
        const v = Math.floor(i / classes)
        let mean = 0
        for (let c = 0; c < classes; c++) mean += q[v * classes + c]! * h[v * classes + c]!
        return (slope - mean) / totals[v]!
      }),
  }
}

function crossEntropy(row: VectorCase): Plan | Skip {
  const { options } = row
  const logits = options['from_logits'] === true
  const data = classesLast(row)
  const pixelWeights = pixelWeightsOf(row, data.shape[0] * data.shape[1])
  const weighted = pixelWeights === undefined ? data : { ...data, pixelWeights }
  return {
    parts: [
      {
        loss: 'crossEntropyLoss',
        options: {
          activation: logits ? 'softmax' : 'none',
          labelSmoothing: options['label_smoothing'] ?? 0,
          reduction: reductionOf(options),
          meanOver: meanOverOf(options),
          ignoreIndex: options['ignore_class'],
        },
      },
    ],
    ...(logits ? { data: weighted } : normalized(weighted)),
  }
}

/** By the number of pixels, whatever they weigh; of those that count where a class is ignored; or by the weights. */
function meanOverOf(options: LibraryOptions): string {
  if (options['reduction'] === 'mean_with_sample_weight') return 'weights'
  return options['ignore_class'] === undefined ? 'pixels' : 'valid-pixels'
}

function binaryCrossEntropy(row: VectorCase): Plan | Skip {
  const { options } = row
  const data = channelsLast({ ...row, target_kind: 'one-hot' })
  const [, pixels, classes] = data.shape
  const pixelWeights = pixelWeightsOf(row, pixels)
  const none = reductionOf(options) === 'none'
  return {
    parts: [
      {
        loss: 'binaryCrossEntropyLoss',
        options: {
          activation: options['from_logits'] === true ? 'sigmoid' : 'none',
          labelSmoothing: options['label_smoothing'] ?? 0,
          reduction: reductionOf(options),
          meanOver: 'pixels',
        },
      },
    ],
    data: pixelWeights === undefined ? data : { ...data, pixelWeights },
    // Unreduced, Keras has already taken the mean over the last axis.
    ...(none ? { read: ({ values }) => meanOfRows(values, classes) } : {}),
  }
}

/** The means of consecutive rows. */
export function meanOfRows(values: Float64Array, length: number): Float64Array {
  return Float64Array.from({ length: values.length / length }, (_, row) => {
    const part = values.subarray(row * length, (row + 1) * length)
    return part.reduce((sum, value) => sum + value, 0) / length
  })
}

/** Keras 3: classes last unless an axis is given. */
export const keras: Adapter = (row): Plan | Skip => {
  switch (row.loss) {
    case 'Dice':
    case 'Tversky':
      return region(row)
    case 'CategoricalCrossentropy':
    case 'SparseCategoricalCrossentropy':
      return crossEntropy(row)
    case 'BinaryCrossentropy':
      return binaryCrossEntropy(row)
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
