import type { Adapter, CaseData, LibraryOptions, Part, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsFirst, flatten, size, skip } from './vectors.ts'

/** MONAI's activation flags, or an activation of its own that was applied beforehand. */
function activationOf(options: LibraryOptions, classes: number): 'softmax' | 'sigmoid' | 'none' {
  if (options['sigmoid'] === true) return 'sigmoid'
  // With one channel MONAI ignores softmax.
  return options['softmax'] === true && classes > 1 ? 'softmax' : 'none'
}

/** `log p` under softmax over the classes: what `other_act` of the recorded cases computes. */
function logSoftmax(row: VectorCase): Float64Array {
  const input = flatten(row.input)
  const [samples = 1, classes = 1] = row.input_shape
  const pixels = size(row.input_shape.slice(2))
  const output = new Float64Array(input.length)
  for (let n = 0; n < samples; n++) {
    for (let v = 0; v < pixels; v++) {
      const at = (c: number): number => (n * classes + c) * pixels + v
      let total = 0
      for (let c = 0; c < classes; c++) total += Math.exp(input[at(c)]!)
      for (let c = 0; c < classes; c++) output[at(c)] = input[at(c)]! - Math.log(total)
    }
  }
  return output
}

/** Class weights of length C: MONAI's have C − 1 elements without background, and none count with one channel. */
function classWeightsOf(options: LibraryOptions, classes: number): Record<string, unknown> {
  const weight = options['weight']
  if (weight === undefined || classes === 1) return {}
  const given = typeof weight === 'number' ? Array.from({ length: classes }, () => weight) : (weight as number[])
  const classWeights = given.length < classes ? [1, ...given] : given
  return { classWeights, weightMode: 'multiply' }
}

/** What Dice and Tversky have in common. */
function region(options: LibraryOptions, classes: number): Record<string, unknown> {
  return {
    smooth: { numerator: options['smooth_nr'] ?? 1e-5, denominator: options['smooth_dr'] ?? 1e-5 },
    scorePer: options['batch'] === true ? 'class' : 'sample-class',
    reduction: options['reduction'] ?? 'mean',
    ...(options['include_background'] === false && classes > 1 ? { includeBackground: false } : {}),
    ...classWeightsOf(options, classes),
  }
}

/** Squared sums with soft labels are MONAI's squared sums: `(Σp² + Σg² − Σ(p − g)²)/2 = Σpg`. */
function formOf(options: LibraryOptions): string {
  if (options['squared_pred'] === true) return 'squared'
  return options['soft_label'] === true ? 'absolute' : 'product'
}

function dice(options: LibraryOptions, classes: number): Part {
  return {
    loss: options['jaccard'] === true ? 'jaccardLoss' : 'diceLoss',
    options: { ...region(options, classes), form: formOf(options), smoothScale: 'dice' },
  }
}

function tversky(options: LibraryOptions, classes: number): Part {
  return {
    loss: 'tverskyLoss',
    options: {
      ...region(options, classes),
      form: formOf(options),
      smoothScale: 'overlap',
      alpha: options['alpha'] ?? 0.5,
      beta: options['beta'] ?? 0.5,
    },
  }
}

/** Dice plus torch's cross-entropy on the logits, or, with one channel, its binary cross-entropy. */
function diceAndCrossEntropy(row: VectorCase, data: CaseData): Part[] {
  const { options } = row
  const [, classes] = data.shape
  const activation = activationOf(options, classes)
  const dicePart = dice(options, classes)
  if (classes === 1) {
    return [
      { ...dicePart, options: { ...dicePart.options, activation } },
      { loss: 'binaryCrossEntropyLoss', options: { activation: 'sigmoid', positiveWeights: options['weight'] } },
    ]
  }
  const crossEntropy = {
    classWeights: options['weight'],
    labelSmoothing: options['label_smoothing'] ?? 0,
    // torch divides by the weights of the labels, but by the number of pixels where targets are probabilities.
    meanOver: data.targetKind === 'labels' ? 'weights' : 'pixels',
  }
  if (activation === 'softmax') {
    return [{ loss: 'diceCrossEntropyLoss', options: { activation, dice: dicePart.options, crossEntropy } }]
  }
  return [
    { ...dicePart, options: { ...dicePart.options, activation } },
    { loss: 'crossEntropyLoss', options: { activation: 'softmax', ...crossEntropy } },
  ]
}

/** MONAI: `[N, C, …spatial]`; scores per sample and class, `batch` pools the samples. */
export const monai: Adapter = (row): Plan | Skip => {
  const { options } = row
  const classes = row.input_shape[1] ?? 1
  const other = row.input_kind === 'raw->log_softmax(dim=1)'
  const activation = activationOf(options, classes)
  const withActivation = (part: Part): Part => ({ ...part, options: { activation, ...part.options } })
  switch (row.loss) {
    case 'MaskedDiceLoss':
      if (row.extra?.['mask'] !== undefined) {
        return skip(
          'the mask multiplies the logits, so that a masked voxel counts as probability 1/2: a defect, later fixed',
        )
      }
      return { parts: [withActivation(dice(options, classes))], data: channelsFirst(row) }
    case 'DiceLoss':
    case 'TverskyLoss': {
      const part = row.loss === 'DiceLoss' ? dice(options, classes) : tversky(options, classes)
      const data = channelsFirst(row, other ? { prediction: logSoftmax(row) } : {})
      return { parts: [withActivation(part)], data }
    }
    case 'DiceCELoss': {
      const data = channelsFirst(row)
      return { parts: diceAndCrossEntropy(row, data), data }
    }
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
