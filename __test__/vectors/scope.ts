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
]

/** Why a case is out of scope; `undefined`: it is in. */
export function outOfScope(row: VectorCase, library: string, file: VectorFile): string | undefined {
  return RULES.find(({ applies }) => applies(row, library, file))?.reason
}
