/** SegLossOdyssey's losses made of logarithms: top-k cross-entropy, focal, and exponential-logarithmic. */
import { INDEX, INTEGER, NON_NEGATIVE, SHARE, type Range } from '../../options.ts'
import { masklossError } from '../../errors.ts'
import { channelsFirst, hasWeight, labels, oneAClass, pixelWeights, type Grid, type Inputs } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { activated, perPixel, type Path } from '../path.ts'
import { flag, nested, number, numberOrNumbers, numbers, orNull, type Read } from '../reader.ts'
import { classIds, criterion, crossEntropy, everyClass, pixelTerm } from '../terms.ts'
import { jobOf, NONLIN, type SegLossOptions, type Tensors } from './common.ts'
import { DICE_FORMULA, scoreTerm, SOFT_DICE, type SoftDiceLossOptions } from './region.ts'

const PERCENT: Range = { min: 0, max: 100 }
const WEIGHT = { weight: orNull(numbers(NON_NEGATIVE)) }

/** Logits and labels. */
function labelTensors(inputs: Inputs): Tensors {
  const grid = channelsFirst(inputs.prediction)
  return { grid, activation: 'softmax', ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }
}

function weightsOf(weight: readonly number[] | undefined, { grid }: Tensors): readonly number[] | undefined {
  return weight === undefined ? undefined : oneAClass(weight, grid.classes, 'weight')
}

/**
 * `TopKLoss` of SegLossOdyssey: cross-entropy from logits, its mean over the k per cent of all pixels (rounded down) that have the
 * largest loss; NaN, with gradient 0, where they are none. Labels only. Source: Wu, Shen, van den Hengel, "Bridging category-level and instance-level semantic image segmentation" (2016).
 */
export interface TopKLossOptions {
  /** One number ≥ 0 a class. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
  /** Label of pixels that do not count; they have loss 0 and are pixels all the same. Default −100. */
  readonly ignoreIndex?: number | undefined
  /** k, per cent of the pixels. Default 10. */
  readonly k?: number | undefined
}

/** {@inheritDoc TopKLossOptions} */
export const TopKLoss: Convention<TopKLossOptions> = convention(
  'segloss.TopKLoss',
  { ...WEIGHT, ignoreIndex: number(-100, INTEGER), k: number(10, PERCENT) },
  ({ weight, ignoreIndex, k }) =>
    (inputs) => {
      const tensors = labelTensors(inputs)
      const { samples, pixels } = tensors.grid
      const none = Math.floor((samples * pixels * k) / 100) === 0
      const term = crossEntropy({ classWeights: weightsOf(weight, tensors), meanOver: 'pixels', topPercent: k })
      return { jobs: [jobOf(tensors, [term], ignoreIndex)], undefinedTerm: none ? 0 : undefined }
    },
)

/**
 * `FocalLoss` of SegLossOdyssey: the mean over the pixels of
 *
 *     ℓ = −α_y·(1 − q)^γ·log q,   q = s + (1 − s)·p_y + s/(C − 1)·Σ_{c≠y} p_c
 *
 * with y the label; a q above 1, which no softmax gives, counts as 1. Labels only. Without a softmax q is
 * computed in TypeScript for s > 0, in memory of its own.
 * Source: Lin et al., "Focal loss for dense object detection" (2017).
 */
export interface FocalLossOptions extends SegLossOptions {
  /**
   * α: one number, which weighs the class `balanceIndex`, all others weighing 1 − α; or one number a class, which are divided by their
   * sum. Default `null`: 1.
   */
  readonly alpha?: number | ArrayLike<number> | null | undefined
  /** γ ≥ 0. Default 2. */
  readonly gamma?: number | undefined
  /** The class that a single α weighs. Default 0. */
  readonly balanceIndex?: number | undefined
  /** s in [0, 1]. Default 1e-5. */
  readonly smooth?: number | undefined
  /** The mean over the pixels; `false`: the sum. Default `true`. */
  readonly sizeAverage?: boolean | undefined
}

const FOCAL = {
  ...NONLIN,
  alpha: orNull(numberOrNumbers(NON_NEGATIVE)),
  gamma: number(2, NON_NEGATIVE),
  balanceIndex: number(0, INDEX),
  smooth: number(1e-5, SHARE),
  sizeAverage: flag(true),
}

/** {@inheritDoc FocalLossOptions} */
export const FocalLoss: Convention<FocalLossOptions> = convention('segloss.FocalLoss', FOCAL, (options) => (inputs) => {
  const { applyNonlin, gamma, smooth, sizeAverage } = options
  const given = channelsFirst(inputs.prediction)
  const { classes } = given
  if (classes === 1) throw wrong('prediction', 'two or more channels', 'one channel', 'its labels name one of several')
  const others = othersOf(smooth, classes)
  // Σ p = 1 behind a softmax, so that s is s·Σ p, and q the blend of the classes with their targets raised by s.
  const blended = applyNonlin === 'softmax' && smooth > 0
  const blend = { softTarget: 'mixed', targetScale: 1 - smooth - others, targetOffset: smooth + others } as const
  const term = pixelTerm({
    function: 'focal',
    form: 'categorical',
    gammas: everyClass(classes, gamma),
    positiveWeights: alphas(options, classes),
    classes: classIds(classes),
    reduction: sizeAverage ? 'mean' : 'sum',
    ...(blended ? blend : {}),
  })
  const engines = blended || smooth === 0
  const path = (): Path => smoothed(activated(given.path, applyNonlin, given.pixels, classes), given, smooth)
  const grid = engines ? given : { ...given, path: path() }
  const spec = criterion({ activation: engines ? applyNonlin : 'none', classes, terms: [term] })
  return { jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }] }
})

/** What SegLossOdyssey's one-hot holds for the classes that a pixel is not of: raised to s/(C − 1), but no higher than 1 − s. */
function othersOf(smooth: number, classes: number): number {
  return Math.min(smooth / (classes - 1), 1 - smooth)
}

function alphas({ alpha, balanceIndex }: Read<typeof FOCAL>, classes: number): readonly number[] | undefined {
  if (alpha === undefined) return undefined
  if (typeof alpha === 'number') {
    const expected = `a class of the prediction, below ${classes}`
    if (balanceIndex >= classes) throw wrong('balanceIndex', expected, `${balanceIndex}`, 'classes are counted from 0')
    return everyClass(classes, 1 - alpha).with(balanceIndex, alpha)
  }
  const sum = alpha.reduce((total, value) => total + value, 0)
  return oneAClass(alpha, classes, 'alpha').map((value) => value / sum)
}

function wrong(argument: string, expected: string, actual: string, remedy: string): Error {
  return masklossError({ code: 'ERR_MASKLOSS_OPTION_CONFLICT', argument, expected, actual, remedy })
}

/** `q_c = s + (1 − s)·p_c + s/(C − 1)·Σ_{k≠c} p_k`, which is symmetric: the gradient goes back by the same matrix. */
function smoothed(path: Path, { pixels, classes }: Grid, s: number): Path {
  const others = othersOf(s, classes)
  const mix = (from: Float64Array, into: Float64Array, offset: number): void => {
    const sum = from.reduce((total, value) => total + value, 0)
    for (let c = 0; c < classes; c += 1) into[c] = offset + (1 - s - others) * (from[c] as number) + others * sum
  }
  return perPixel(
    path,
    pixels,
    classes,
    (p, q) => mix(p, q, s),
    (_p, _q, slopes, result) => mix(slopes, result, 0),
  )
}

/**
 * `ExpLog_loss` of SegLossOdyssey: `0.8·(−log max(d, 1e-6))^γ + 0.2·CE`, d the mean score of `SoftDiceLoss` behind a softmax and CE
 * PyTorch's cross-entropy from logits. In the paper the logarithm and the power are taken class by class, and of the cross-entropy too.
 * Labels only. Source: Wong et al., "3D segmentation with exponential logarithmic loss for highly unbalanced object sizes" (2018).
 */
export interface ExpLogLossOptions {
  /** The options of `SoftDiceLoss`, without its `applyNonlin`. */
  readonly softDiceKwargs?: Omit<SoftDiceLossOptions, 'applyNonlin'> | null | undefined
  /** The options of the cross-entropy: `weight`, one number ≥ 0 a class; `null`: 1. */
  readonly wceKwargs?: { readonly weight?: ArrayLike<number> | null | undefined } | null | undefined
  /** γ > 0. Default 0.3. Where d = 1 the slope of γ < 1 is taken as 0. */
  readonly gamma?: number | undefined
}

const POWER: Range = { min: 0, above: true }
const LOWEST = 1e-6

/** {@inheritDoc ExpLogLossOptions} */
export const ExpLogLoss: Convention<ExpLogLossOptions> = convention(
  'segloss.ExpLogLoss',
  {
    softDiceKwargs: nested('conventions.segloss.SoftDiceLoss', SOFT_DICE),
    wceKwargs: nested('conventions.segloss.WeightedCrossEntropyLoss', WEIGHT),
    gamma: number(0.3, POWER),
  },
  ({ softDiceKwargs, wceKwargs, gamma }) =>
    (inputs) => {
      const tensors = labelTensors(inputs)
      const dice = scoreTerm(softDiceKwargs, DICE_FORMULA, tensors)
      const logarithm = {
        transform: 'one-minus',
        outerTransform: 'log-power',
        outerGamma: gamma,
        floor: LOWEST,
      } as const
      const classWeights = weightsOf(wceKwargs.weight, tensors)
      const job = jobOf(tensors, [
        { ...dice, ...logarithm, weight: 0.8 },
        crossEntropy({ weight: 0.2, classWeights, meanOver: 'weights' }),
      ])
      const names = [
        ['logDice', 1],
        ['crossEntropy', 1],
      ] as const
      const undefinedMean = !hasWeight(tensors.target, undefined, classWeights, tensors.pixelWeights)
      return { jobs: [{ ...job, names }], undefinedTerm: undefinedMean ? 1 : undefined }
    },
)
