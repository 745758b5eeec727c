/** SegLossOdyssey's losses of overlap that are a mean of scores: Dice, IoU, Tversky, asymmetric, and sensitivity with specificity. */
import type { RegionTerm } from '../../engine.ts'
import { NON_NEGATIVE, SHARE, type Range } from '../../options.ts'
import type { Inputs } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { flag, nested, number, type Read, type Reader } from '../reader.ts'
import { region, sensitivitySpecificity } from '../terms.ts'
import { checkHard, countedClasses, jobOf, NONLIN, tensorsOf, type SegLossOptions, type Tensors } from './common.ts'

/** What a loss of overlap has beside its formula. */
export interface SegLossOverlapOptions extends SegLossOptions {
  /** Pools the samples: one score a class. Default `false`: one a sample and class. */
  readonly batchDice?: boolean | undefined
  /** `false` leaves class 0 out. Default `true`. */
  readonly doBg?: boolean | undefined
  /** s ≥ 0. Default 1. */
  readonly smooth?: number | undefined
  /** Squares the hits and errors of every pixel before they are summed; targets are 0 and 1 then. Default `false`. */
  readonly square?: boolean | undefined
}

/** The reader of `softDiceKwargs`. */
export const SOFT_DICE: {
  readonly batchDice: Reader<boolean>
  readonly doBg: Reader<boolean>
  readonly smooth: Reader<number>
  readonly square: Reader<boolean>
} = { batchDice: flag(false), doBg: flag(true), smooth: number(1, NON_NEGATIVE), square: flag(false) }
const OVERLAP: typeof NONLIN & typeof SOFT_DICE = { ...NONLIN, ...SOFT_DICE }

/** How the scores of a loss weigh hits and errors. */
type Formula = Pick<RegionTerm, 'scale' | 'alpha' | 'beta'>

/** `2I + FP + FN` in the denominator. */
export const DICE_FORMULA: Formula = { scale: 2, alpha: 0.5, beta: 0.5 }

/** Minus the mean score: `score = (a·I + s)/(a·(I + α·FP + β·FN) + s)`. */
export function scoreTerm(options: Read<typeof SOFT_DICE>, formula: Formula, tensors: Tensors): RegionTerm {
  const { smooth, square } = options
  if (square) checkHard(tensors, 'square')
  return region({
    ...formula,
    classes: countedClasses(tensors.grid, options.doBg),
    form: square ? 'squared-errors' : 'product',
    transform: 'negative',
    smoothNumerator: smooth,
    smoothDenominator: smooth,
    scorePer: options.batchDice ? 'class' : 'sample-class',
  })
}

function score(options: Read<typeof OVERLAP>, formula: Formula): (inputs: Inputs) => Arrangement {
  return (inputs) => {
    const tensors = tensorsOf(inputs, options.applyNonlin)
    return { jobs: [jobOf(tensors, [scoreTerm(options, formula, tensors)])] }
  }
}

/**
 * `SoftDiceLoss` of SegLossOdyssey: minus the mean score, in [−1, 0],
 *
 *     score = (2·TP + s)/(2·TP + FP + FN + s),   TP = Σ p·g, FP = Σ p·(1 − g), FN = Σ (1 − p)·g
 *
 * Its `loss_mask` is the call option `mask`. Source: Milletari, Navab, Ahmadi, "V-Net" (2016).
 */
export interface SoftDiceLossOptions extends SegLossOverlapOptions {}

/** {@inheritDoc SoftDiceLossOptions} */
export const SoftDiceLoss: Convention<SoftDiceLossOptions> = convention('segloss.SoftDiceLoss', OVERLAP, (options) =>
  score(options, DICE_FORMULA),
)

/**
 * `IoULoss` of SegLossOdyssey: minus the mean of `(TP + s)/(TP + FP + FN + s)`. Source: Rahman, Wang, "Optimizing
 * intersection-over-union in deep neural networks for image segmentation" (2016).
 */
export interface IoULossOptions extends SegLossOverlapOptions {}

/** {@inheritDoc IoULossOptions} */
export const IoULoss: Convention<IoULossOptions> = convention('segloss.IoULoss', OVERLAP, (options) =>
  score(options, { scale: 1, alpha: 1, beta: 1 }),
)

/**
 * `TverskyLoss` of SegLossOdyssey: minus the mean of `(TP + s)/(TP + α·FP + β·FN + s)`. Source: Salehi, Erdogmus, Gholipour, "Tversky
 * loss function for image segmentation using 3D fully convolutional deep networks" (2017).
 */
export interface TverskyLossOptions extends SegLossOverlapOptions {
  /** α ≥ 0, weight of false positives: an attribute of the library's object. Default 0.3. */
  readonly alpha?: number | undefined
  /** β ≥ 0, weight of false negatives: an attribute of the library's object. Default 0.7. */
  readonly beta?: number | undefined
}

const TVERSKY = { ...OVERLAP, alpha: number(0.3, NON_NEGATIVE), beta: number(0.7, NON_NEGATIVE) }
const tverskyFormula = ({ alpha, beta }: Read<typeof TVERSKY>): Formula => ({ scale: 1, alpha, beta })

/** {@inheritDoc TverskyLossOptions} */
export const TverskyLoss: Convention<TverskyLossOptions> = convention('segloss.TverskyLoss', TVERSKY, (options) =>
  score(options, tverskyFormula(options)),
)

/**
 * `FocalTversky_loss` of SegLossOdyssey: `(1 − t)^γ`, t the mean score of `TverskyLoss`. Source: Abraham, Khan, "A novel focal Tversky
 * loss function with improved attention U-Net for lesion segmentation" (2019), where the power is taken class by class.
 */
export interface FocalTverskyLossOptions {
  /** The options of `TverskyLoss`. */
  readonly tverskyKwargs?: TverskyLossOptions | null | undefined
  /** γ > 0. Default 0.75. Where t = 1 the slope of γ < 1 is taken as 0. */
  readonly gamma?: number | undefined
}

const POWER: Range = { min: 0, above: true }

/** {@inheritDoc FocalTverskyLossOptions} */
export const FocalTverskyLoss: Convention<FocalTverskyLossOptions> = convention(
  'segloss.FocalTverskyLoss',
  { tverskyKwargs: nested('conventions.segloss.TverskyLoss', TVERSKY), gamma: number(0.75, POWER) },
  ({ tverskyKwargs, gamma }) =>
    (inputs) => {
      const tensors = tensorsOf(inputs, tverskyKwargs.applyNonlin)
      const term = scoreTerm(tverskyKwargs, tverskyFormula(tverskyKwargs), tensors)
      return { jobs: [jobOf(tensors, [{ ...term, transform: 'one-minus', outerGamma: gamma }])] }
    },
)

/**
 * `AsymLoss` of SegLossOdyssey: minus the mean of `(TP + s)/(TP + w·FN + (1 − w)·FP + s)` with `w = β²/(1 + β²)`, the F_β score.
 * Source: Hashemi et al., "Asymmetric loss functions and deep densely-connected networks for highly-imbalanced medical image
 * segmentation" (2018).
 */
export interface AsymLossOptions extends SegLossOverlapOptions {
  /** β ≥ 0: an attribute of the library's object. Default 1.5. */
  readonly beta?: number | undefined
}

/** {@inheritDoc AsymLossOptions} */
export const AsymLoss: Convention<AsymLossOptions> = convention(
  'segloss.AsymLoss',
  { ...OVERLAP, beta: number(1.5, NON_NEGATIVE) },
  (options) => {
    const missed = options.beta ** 2 / (1 + options.beta ** 2)
    return score(options, { scale: 1, alpha: 1 - missed, beta: missed })
  },
)

/**
 * `SSLoss` of SegLossOdyssey: the mean over the cells of
 *
 *     r·Σ g·(g − p)²/(Σ g + s) + (1 − r)·Σ (1 − g)·(g − p)²/(Σ (1 − g) + s)
 *
 * for targets of 0 and 1. The library computes as with `mask: 1` whatever mask is passed; here a masked pixel does not count.
 * Source: Brosch et al., "Deep convolutional encoder networks for multiple sclerosis lesion segmentation" (2015).
 */
export interface SSLossOptions extends Omit<SegLossOverlapOptions, 'square'> {
  /** Has no effect: the library accepts it for this loss, whose errors are always squared. */
  readonly square?: boolean | undefined
  /** r in [0, 1]: an attribute of the library's object. Default 0.1. */
  readonly r?: number | undefined
}

/** {@inheritDoc SSLossOptions} */
export const SSLoss: Convention<SSLossOptions> = convention(
  'segloss.SSLoss',
  { ...OVERLAP, r: number(0.1, SHARE) },
  ({ applyNonlin, batchDice, doBg, smooth, r }) =>
    (inputs) => {
      const tensors = tensorsOf(inputs, applyNonlin)
      checkHard(tensors, 'SSLoss')
      const term = sensitivitySpecificity({
        classes: countedClasses(tensors.grid, doBg),
        share: r,
        smooth,
        scorePer: batchDice ? 'class' : 'sample-class',
      })
      return { jobs: [jobOf(tensors, [term])] }
    },
)
