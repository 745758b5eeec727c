/**
 * Losses that are a function φ of the probability of each class, summed over pixels, with target t' (t with label smoothing):
 *
 *     categorical   ℓ = Σ_c a_c·t'_c·φ(p_c)                                classes that exclude each other
 *     binary        ℓ_c = a_c·t'_c·φ(p_c) + b_c·(1 − t'_c)·φ(1 − p_c)      independent classes
 *
 * Focal, poly and generalized cross-entropy are one file each: φ, and the options it has.
 */
import type { MeanOver, PixelTerm } from '../engine.ts'
import type { TermPlan, Whole } from '../loss.ts'
import type { OptionKind, OptionValues } from '../options.ts'
import { CLASS_TABLE, parseClasses, type ClassOptions } from './classes.ts'
import { perClass, perClassList, type CriterionOptions, type LabelOptions, type PerClass } from './common.ts'
import { ENTROPY_TABLE, parseEntropy, refuseOneClass, type EntropyOptions } from './cross-entropy.ts'
import { PIXEL_FACTOR } from './limits.ts'

/** The options of every function of the probabilities. */
export interface PixelOptions extends ClassOptions, EntropyOptions {
  /**
   * Activation `'none'` only: classes may overlap, and each has a binary loss of its own, as with `'sigmoid'`; `false`: they
   * exclude each other, as with `'softmax'`. Default: `true` for one class and with `regions`, else `false`.
   */
  readonly independent?: boolean | undefined
}

/** The options of a function of the probabilities that stands alone. */
export interface PixelLossOptions extends CriterionOptions, LabelOptions, PixelOptions {}

/** The table of `PixelOptions`. */
export const PIXEL_TABLE: Readonly<Record<keyof PixelOptions, OptionKind>> = {
  ...CLASS_TABLE,
  ...ENTROPY_TABLE,
  independent: 'value',
}

/** What tells one function of the probabilities from another, for a number of classes. */
export interface PixelFormula extends Pick<PixelTerm, 'function'> {
  /** γ, for all classes or one a class, from the option `gammaName`. */
  readonly gamma: PerClass
  readonly gammaName: string
  /** Whether classes are independent, where the loss knows. */
  readonly independent?: boolean
  /** Factors of the positive and the negative part, by class id, beside `classWeights`. Default: all 1. */
  readonly weights?: ((classes: number, independent: boolean) => PixelWeights) | undefined
  readonly softTarget?: PixelTerm['softTarget'] | undefined
  readonly reducedThreshold?: number | undefined
  readonly normalized?: boolean | undefined
  /** Default `'weights'`. */
  readonly meanOver?: MeanOver
}

/** Factors of the two parts of a binary loss; a categorical one has the first. */
export interface PixelWeights {
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

/** Reads `PixelOptions`. */
export function parsePixel(options: OptionValues, whole: Whole, formula: PixelFormula): TermPlan {
  const independence = formula.independent ?? parseIndependent(options, whole)
  const shared = parseEntropy(options, whole, formula.meanOver)
  const classes = parseClasses(options, whole)
  const classWeights = options.numbers('classWeights', PIXEL_FACTOR)
  return {
    reduction: shared.reduction,
    weighsPixels: true,
    bind(count) {
      const independent = independence ?? count === 1
      if (!independent) refuseOneClass(count, 'pass two channels, background and foreground')
      const given = perClassList(options, 'classWeights', classWeights, count)
      const own = formula.weights?.(count, independent)
      const smoothing = shared.labelSmoothing
      return {
        kind: 'pixel',
        function: formula.function,
        form: independent ? 'binary' : 'categorical',
        gammas: perClass(options, formula.gammaName, formula.gamma, count),
        positiveWeights: product(own?.positive, given),
        negativeWeights: independent ? product(own?.negative, given) : undefined,
        targetScale: 1 - smoothing,
        targetOffset: smoothing / (independent ? 2 : count),
        softTarget: formula.softTarget ?? 'linear',
        reducedThreshold: formula.reducedThreshold,
        normalized: formula.normalized ?? false,
        classes: classes(count),
        meanOver: shared.meanOver,
        clip: shared.clip,
        // A sum over another sum is the mean: there is no number of pixels to divide by as well.
        reduction: formula.normalized === true ? 'sum' : shared.reduction,
      }
    },
  }
}

/** Whether each class has a binary loss of its own; `undefined`: where there is one. */
export function parseIndependent(options: OptionValues, { activation, regions }: Whole): boolean | undefined {
  const given = options.boolean('independent')
  if (given !== undefined && activation !== 'none') {
    const remedy = 'the activation says whether classes are independent: leave independent out'
    throw options.conflict('independent', "activation 'none' beside it", `activation '${activation}'`, remedy)
  }
  if (given === false && regions !== undefined) {
    throw options.conflict('independent', 'true beside regions', 'false', 'regions may overlap: leave independent out')
  }
  if (activation !== 'none') return activation === 'sigmoid'
  return given ?? (regions === undefined ? undefined : true)
}

function product(a: readonly number[] | undefined, b: readonly number[] | undefined): readonly number[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a.map((value, index) => value * (b[index] as number))
}
