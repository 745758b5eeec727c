/** nnU-Net's Dice losses. */
import { channelsFirst, holdsLabels, labels, onePlaneOrMore, pixelWeights, type Inputs } from '../arrange.ts'
import { convention, type Arrange, type Convention } from '../convention.ts'
import { orNull, requiredWord } from '../reader.ts'
import {
  checkSpatial,
  CLIPPED_DICE,
  DICE,
  diceJob,
  type ClippedDiceOptions,
  type Dice,
  type DiceClass,
} from './common.ts'

/**
 * `SoftDiceLoss` of nnU-Net 2.6, per sample and class (with `batchDice`: per class), its mean negated: it lies in [−1, 0], not in [0, 1].
 *
 *     ℓ = −(2I + s)/max(2I + FP + FN + s, 1e-8)
 *
 * Targets are labels `[N, 1, …]` or `[N, …]`, or planes; the loss mask is the call option `mask`, `[N, 1, …]`.
 */
export interface SoftDiceLossOptions extends ClippedDiceOptions {
  /** What makes probabilities of the prediction; `null`: they are. Default `null`. */
  readonly applyNonlin?: 'softmax' | 'sigmoid' | null | undefined
}

const NONLINEARITY = { applyNonlin: orNull(requiredWord(['softmax', 'sigmoid'])) }

/** {@inheritDoc SoftDiceLossOptions} */
export const SoftDiceLoss: Convention<SoftDiceLossOptions> = convention(
  'nnunet.SoftDiceLoss',
  { ...CLIPPED_DICE, ...NONLINEARITY },
  (options) => softDice(options, 'SoftDiceLoss'),
)

/** `MemoryEfficientSoftDiceLoss` of nnU-Net 2.6: the numbers of `SoftDiceLoss`, without `clipTp`. */
export interface MemoryEfficientSoftDiceLossOptions extends Omit<SoftDiceLossOptions, 'clipTp'> {}

/** {@inheritDoc MemoryEfficientSoftDiceLossOptions} */
export const MemoryEfficientSoftDiceLoss: Convention<MemoryEfficientSoftDiceLossOptions> = convention(
  'nnunet.MemoryEfficientSoftDiceLoss',
  { ...DICE, ...NONLINEARITY },
  (options) => softDice(options, 'MemoryEfficientSoftDiceLoss'),
)

function softDice(
  options: Dice & { readonly applyNonlin: 'softmax' | 'sigmoid' | undefined },
  diceClass: DiceClass,
): Arrange {
  return (inputs: Inputs) => {
    const grid = channelsFirst(inputs.prediction)
    checkSpatial(grid, diceClass)
    const target = holdsLabels(inputs.target, grid) ? labels(inputs.target, grid) : onePlaneOrMore(inputs.target, grid)
    const tensors = { grid, ...target, pixelWeights: pixelWeights(inputs, grid) }
    return { jobs: [{ ...diceJob(tensors, options.applyNonlin ?? 'none', options, 1), names: undefined }] }
  }
}
