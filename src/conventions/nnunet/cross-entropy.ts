/** nnU-Net's cross-entropy over the worst pixels, and its compounds of Dice and cross-entropy for labels. */
import { INTEGER, NON_NEGATIVE, SHARE, type Range } from '../../options.ts'
import { channelsFirst, hasWeight, labels, oneAClass, pixelWeights, type Inputs } from '../arrange.ts'
import { convention, together, type Arrangement, type Convention, type Job } from '../convention.ts'
import { nested, number, numbers, orNull, word, type Read } from '../reader.ts'
import { crossEntropy } from '../terms.ts'
import {
  checkDiceClass,
  checkSpatial,
  CLIPPED_DICE,
  DICE_CLASSES,
  diceJob,
  FACTORS,
  job,
  LABEL,
  type ClippedDiceOptions,
  type Dice,
  type DiceClass,
  type FactorOptions,
  type Tensors,
} from './common.ts'

const PER_CENT: Range = { min: 0, above: true, max: 100 }

/** Options of the cross-entropy inside. */
export interface CrossEntropyKwargs {
  /** One number ≥ 0 a class. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
  /** Label whose pixels cross-entropy does not count, though Dice does. Default `null`: none. */
  readonly ignoreIndex?: number | null | undefined
  /** ε in [0, 1]. Default 0. */
  readonly labelSmoothing?: number | undefined
}

/** Options of PyTorch's cross-entropy. */
export interface ReducedCrossEntropyKwargs extends CrossEntropyKwargs {
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | undefined
}

/** What the compounds for labels take. */
export interface LabelCompoundOptions extends FactorOptions {
  /** Options of the Dice loss. */
  readonly softDiceKwargs?: ClippedDiceOptions | null | undefined
  /** Label of pixels that do not count in either part. Default `null`: none. */
  readonly ignoreLabel?: number | null | undefined
}

const ENTROPY = { weight: orNull(numbers(NON_NEGATIVE)), ignoreIndex: LABEL, labelSmoothing: number(0, SHARE) }
const REDUCED = { ...ENTROPY, reduction: word(['mean', 'sum'], 'mean') }
const TOP = { ...ENTROPY, k: number(10, PER_CENT) }
const COMPOUND = { ...FACTORS, softDiceKwargs: nested('softDiceKwargs', CLIPPED_DICE), ignoreLabel: LABEL }

/** Cross-entropy's options as they are read; `k` where only so many per cent of the pixels count. */
interface Entropy {
  readonly weight: readonly number[] | undefined
  readonly ignoreIndex: number | undefined
  readonly labelSmoothing: number
  readonly k?: number | undefined
  readonly reduction?: 'mean' | 'sum'
}

function tensorsOf(inputs: Inputs): Tensors {
  const grid = channelsFirst(inputs.prediction)
  return { grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }
}

/** PyTorch's mean over the weights of the labels, or the mean of the largest losses. */
function entropyJob(tensors: Tensors, options: Entropy, weight: number, ignoreLabel?: number): Job {
  const { classes } = tensors.grid
  const { k, labelSmoothing, reduction = 'mean' } = options
  const classWeights = options.weight === undefined ? undefined : oneAClass(options.weight, classes, 'weight')
  const meanOver = k === undefined ? 'weights' : 'pixels'
  const term = crossEntropy({ weight, classWeights, labelSmoothing, meanOver, topPercent: k, reduction })
  return job(tensors, 'softmax', term, 'crossEntropy', { ignoreIndex: ignoreLabel ?? options.ignoreIndex })
}

/**
 * Whether PyTorch's mean is one of nothing, which is NaN: of the k per cent of few pixels, or of labels without a weight. nnU-Net leaves
 * cross-entropy out, where all pixels are of its own ignored label.
 */
function isMeanOfNothing(tensors: Tensors, { k, ...options }: Entropy, ignoreLabel: number | undefined): boolean {
  if (options.reduction === 'sum') return false
  const { grid, target, pixelWeights } = tensors
  if (ignoreLabel !== undefined && !hasWeight(target, ignoreLabel, undefined, pixelWeights)) return false
  if (k !== undefined) return Math.floor((grid.samples * grid.pixels * k) / 100) === 0
  return !hasWeight(target, ignoreLabel ?? options.ignoreIndex, options.weight, pixelWeights)
}

/** The compound for labels, as the trainer takes it too. */
export function diceAndEntropy(
  inputs: Inputs,
  options: Read<typeof FACTORS> & { readonly softDiceKwargs: Dice; readonly ignoreLabel: number | undefined },
  entropy: Entropy,
): Arrangement {
  const tensors = tensorsOf(inputs)
  const { softDiceKwargs, weightDice, weightCe, ignoreLabel } = options
  const dice = diceJob(tensors, 'softmax', softDiceKwargs, weightDice, { ignoreIndex: ignoreLabel })
  const undefinedMean = weightCe !== 0 && isMeanOfNothing(tensors, entropy, ignoreLabel)
  return {
    jobs: together(dice, entropyJob(tensors, entropy, weightCe, ignoreLabel)),
    undefinedTerm: undefinedMean ? 1 : undefined,
  }
}

/**
 * `DC_and_CE_loss` of nnU-Net 2.6: `weightCe·CE + weightDice·Dice`, softmax in both, of labels `[N, 1, …]` or `[N, …]`. Dice is negated, so that
 * the loss lies in [−weightDice, ∞). Pixels of `ignoreLabel` do not count; where none counts, CE is 0. Where the weights of the labels
 * sum to 0, CE is NaN as in PyTorch.
 */
export interface DCAndCELossOptions extends LabelCompoundOptions {
  /** Options of cross-entropy. */
  readonly ceKwargs?: ReducedCrossEntropyKwargs | null | undefined
  /** Only the first knows `clipTp`. Default `'SoftDiceLoss'`. */
  readonly diceClass?: DiceClass | undefined
}

/** {@inheritDoc DCAndCELossOptions} */
export const DC_and_CE_loss: Convention<DCAndCELossOptions> = convention(
  'nnunet.DC_and_CE_loss',
  { ...COMPOUND, ceKwargs: nested('ceKwargs', REDUCED), diceClass: word(DICE_CLASSES, 'SoftDiceLoss') },
  (options) => {
    checkDiceClass(options.diceClass, options.softDiceKwargs)
    return (inputs) => {
      checkSpatial(channelsFirst(inputs.prediction), options.diceClass)
      return diceAndEntropy(inputs, options, options.ceKwargs)
    }
  },
)

/** Options of `TopKLoss` inside a compound. */
export interface TopKKwargs extends CrossEntropyKwargs {
  /** Per cent, in (0, 100]. Default 10. */
  readonly k?: number | undefined
}

/** `DC_and_topk_loss` of nnU-Net 2.6: `weightCe·TopKLoss + weightDice·SoftDiceLoss`, else as `DC_and_CE_loss`. */
export interface DCAndTopkLossOptions extends LabelCompoundOptions {
  /** Options of `TopKLoss`. */
  readonly ceKwargs?: TopKKwargs | null | undefined
}

/** {@inheritDoc DCAndTopkLossOptions} */
export const DC_and_topk_loss: Convention<DCAndTopkLossOptions> = convention(
  'nnunet.DC_and_topk_loss',
  { ...COMPOUND, ceKwargs: nested('ceKwargs', TOP) },
  (options) => (inputs) => diceAndEntropy(inputs, options, options.ceKwargs),
)

/**
 * `TopKLoss` of nnU-Net 2.6: the mean of the k per cent of all pixels that have the largest cross-entropy (their number rounded down; NaN of none), from
 * logits and labels `[N, 1, …]` or `[N, …]`. Pixels of `ignoreIndex` count among all, with loss 0.
 */
export interface TopKLossOptions extends TopKKwargs {
  /** Label of pixels without loss. Default −100. */
  readonly ignoreIndex?: number | null | undefined
}

/** {@inheritDoc TopKLossOptions} */
export const TopKLoss: Convention<TopKLossOptions> = convention(
  'nnunet.TopKLoss',
  { ...TOP, ignoreIndex: orNull(number(-100, INTEGER), -100) },
  (options) => (inputs) => {
    const tensors = tensorsOf(inputs)
    const undefinedMean = isMeanOfNothing(tensors, options, undefined)
    return {
      jobs: [{ ...entropyJob(tensors, options, 1), names: undefined }],
      undefinedTerm: undefinedMean ? 0 : undefined,
    }
  },
)
