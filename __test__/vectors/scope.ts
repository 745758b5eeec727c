/** Which recorded cases `conventions` does not reproduce, and why: rules about losses and options, never about single cases. */
import { flatten, type VectorCase, type VectorFile } from './vectors.ts'

interface Rule {
  readonly applies: (row: VectorCase, library: string, file: VectorFile) => boolean
  readonly reason: string
}

const loss =
  (library: string, ...names: readonly string[]) =>
  (row: VectorCase, actual: string): boolean =>
    actual === library && names.includes(row.loss.split('.').at(-1) as string)

const RULES: readonly Rule[] = [
  {
    applies: (_, library) => library === 'torchmetrics' || library === 'surface',
    reason: 'a library of scores, not of losses: see `score`',
  },
  {
    applies: (row, library) => library === 'monai' && /^(compute_|get_)|Metric|Score|MeanIoU/.test(row.loss),
    reason: 'a score, not a loss: see `score`',
  },
  {
    applies: loss('monai', 'HausdorffDTLoss', 'LogHausdorffDTLoss'),
    reason: 'needs distance transforms of the masks, which no loss of maskloss computes',
  },
  {
    applies: loss('monai', 'NACLLoss'),
    reason: 'compares logits with labels of neighboring pixels: a regularizer of calibration, no segmentation loss',
  },
  {
    applies: loss('tfjs', 'computeWeightedLoss'),
    reason: 'weighs losses that are given: it has no prediction and no target',
  },
  {
    applies: (row, library, file) => {
      const mask = row.extra?.['mask']
      const masks = mask !== undefined && flatten(mask).some((value) => value === 0)
      return library === 'monai' && row.loss === 'MaskedDiceLoss' && masks && !(Number(file.version ?? 0) >= 1.6)
    },
    reason: 'MONAI up to 1.5 multiplies the logits by the mask, so that a masked pixel counts as probability 1/2',
  },
  {
    applies: (row, library) =>
      library === 'monai' &&
      row.loss === 'AsymmetricUnifiedFocalLoss' &&
      row.input_shape[1] === 1 &&
      flatten(row.input).some((value) => value !== 0 && value !== 1),
    reason: 'MONAI cuts the fraction off the probabilities of one channel, which it takes for labels',
  },
  {
    applies: (row, library) =>
      library === 'monai' && row.loss === 'GeneralizedWassersteinDiceLoss' && Number(row.input_shape[0]) > 1,
    reason: 'MONAI up to 1.5 mixes the samples of a batch: its numbers are right for one sample only',
  },
  {
    applies: (row, library) =>
      loss('kornia', 'lovasz_softmax_loss', 'LovaszSoftmaxLoss')(row, library) && !hasEqualPixels(row),
    reason:
      "kornia sorts the map of class indices instead of each class's foreground: right only where all pixels of a sample are alike",
  },
  {
    applies: loss('tfjs', 'sparseCategoricalCrossentropy'),
    reason: 'tfjs clips logits to [1e-7, 1 − 1e-7] before the softmax: the entry is left out',
  },
]

/** Whether all pixels of a sample have the same prediction and the same label, `[N, C, …]` and `[N, …]`. */
function hasEqualPixels({ input, input_shape: [samples = 1, classes = 1], target }: VectorCase): boolean {
  const isConstant = (plane: Float64Array): boolean => plane.every((value) => value === plane[0])
  const planes = (nested: unknown, count: number): Float64Array[] => {
    const numbers = flatten(nested)
    const length = numbers.length / count
    return Array.from({ length: count }, (_, index) => numbers.subarray(index * length, (index + 1) * length))
  }
  return [...planes(input, samples * classes), ...planes(target, samples)].every(isConstant)
}

/** Why a case is out of scope; `undefined`: it is in. */
export function outOfScope(row: VectorCase, library: string, file: VectorFile): string | undefined {
  return RULES.find(({ applies }) => applies(row, library, file))?.reason
}
