/** MONAI's region losses: Dice, masked Dice, Tversky, generalised Dice. */
import type { RegionTerm } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { INTEGER } from '../../options.ts'
import type { Grid } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { flag, number, orNull, word, type Read, type Reader } from '../reader.ts'
import { criterion, everyClass, region } from '../terms.ts'
import {
  activate,
  ACTIVATIONS,
  checkActivations,
  checkSpatial,
  classWeights,
  countedClasses,
  MONAI,
  ones,
  SMOOTH,
  tensorsOf,
  WEIGHT,
  type MonaiActivationOptions,
  type MonaiOptions,
  type MonaiSmoothOptions,
  type MonaiWeightOptions,
  type Tensors,
} from './common.ts'
import { hasNegativeTarget, withNorms } from './norms.ts'

/** Pixels that do not count. */
export interface MonaiIgnoreOptions {
  /**
   * Pixels of this label do not count. With planes: the class whose plane marks them; a number that is no class: pixels whose planes are
   * all 0, or for one channel the pixels of this value. Default `null`: none. Newer than MONAI 1.5.
   */
  readonly ignoreIndex?: number | null | undefined
}

/** Soft targets. */
export interface MonaiSoftLabelOptions {
  /**
   * I = (P + G − Σ|p − g|)/2, with which a perfect soft prediction reaches loss 0. P and G are Σ|p| and Σ|g| then: predictions below
   * 0, as of `'tanh'`, and targets below 0 take memory of their own, twice. `GeneralizedDiceLoss` takes such targets with `wType:
   * 'uniform'` only. Default `false`.
   */
  readonly softLabel?: boolean | undefined
}

/** What Dice takes inside a compound too. */
export interface MonaiDiceOptions extends MonaiOptions, MonaiActivationOptions, MonaiSmoothOptions, MonaiWeightOptions {
  /** P = Σp², G = Σg². Default `false`. */
  readonly squaredPred?: boolean | undefined
  /** `1 − (2I + s_n)/(2·(P + G − I) + s_d)`. Default `false`. */
  readonly jaccard?: boolean | undefined
}

/**
 * `DiceLoss` of MONAI 1.5, per sample and class (with `batch`: per class)
 *
 *     ℓ = 1 − (2I + s_n)/(P + G + s_d),   I = Σ p·g, P = Σ p, G = Σ g
 *
 * `'none'` returns `[N, C, 1, …]`, with `batch` `[C, 1, …]`.
 */
export interface DiceLossOptions extends MonaiDiceOptions, MonaiSoftLabelOptions, MonaiIgnoreOptions {}

/** The readers of `MonaiDiceOptions`. */
export const DICE: typeof MONAI &
  typeof ACTIVATIONS &
  typeof SMOOTH &
  typeof WEIGHT & { readonly squaredPred: Reader<boolean>; readonly jaccard: Reader<boolean> } = {
  ...MONAI,
  ...ACTIVATIONS,
  ...SMOOTH,
  ...WEIGHT,
  squaredPred: flag(false),
  jaccard: flag(false),
}
const SOFT_LABEL = { softLabel: flag(false) }
/** The readers of `MonaiIgnoreOptions`. */
export const IGNORE: { readonly ignoreIndex: Reader<number | undefined, number | null> } = {
  ignoreIndex: orNull(number(0, INTEGER)),
}
const DICE_LOSS = { ...DICE, ...SOFT_LABEL, ...IGNORE }

/** The term of Dice for some classes. */
export function diceTerm(options: Read<typeof DICE> & { readonly softLabel?: boolean }, grid: Grid): RegionTerm {
  const { classes } = grid
  if (!options.batch) checkSpatial(grid, 'a score of each sample')
  const counted = countedClasses(classes, options.includeBackground)
  const errors = options.jaccard ? 1 : 0.5
  return region({
    classes: counted,
    // Squared sums of soft targets are (Σp² + Σg² − Σ(p − g)²)/2 = Σpg: the same with and without softLabel.
    form: options.squaredPred ? 'squared' : options.softLabel === true ? 'absolute' : 'product',
    alpha: errors,
    beta: errors,
    smoothNumerator: options.smoothNr,
    smoothDenominator: options.smoothDr,
    scorePer: options.batch ? 'class' : 'sample-class',
    classWeights: classWeights(options.weight, classes, counted),
    reduction: options.reduction,
  })
}

/** One job with one term. */
export function single(
  tensors: Tensors,
  options: Read<typeof ACTIVATIONS>,
  term: RegionTerm,
  shape: readonly number[],
): Arrangement {
  const given = { ...tensors, ...activate(tensors.grid, options) }
  const absolute = term.form === 'absolute'
  const { grid, activation, target, pixelWeights, ignoreIndex } = absolute ? withNorms(given) : given
  const spec = criterion({ activation, classes: grid.classes, ignoreIndex, terms: [term] })
  return {
    jobs: [{ spec, grid, ...target, pixelWeights }],
    valuesShape: term.reduction === 'none' ? shape : undefined,
  }
}

/** `[N, C]` of the classes that count, or `[C]` of a pooled batch. */
function cells(term: RegionTerm, { grid }: Tensors): number[] {
  return term.scorePer === 'class' ? [term.classes.length] : [grid.samples, term.classes.length]
}

/** {@inheritDoc DiceLossOptions} */
export const DiceLoss: Convention<DiceLossOptions> = convention('monai.DiceLoss', DICE_LOSS, dice)

/**
 * `MaskedDiceLoss` of MONAI: `DiceLoss` of the pixels of a mask, which is the call option `mask` (`[N, 1, …]` or `[1, 1, …]`, 0 or 1).
 *
 * The mask acts behind the activation. MONAI 1.5 multiplies the logits by it, so that a pixel outside counts with probability ½ after a
 * sigmoid; that is a defect which later versions do not have, and which is not reproduced.
 */
export interface MaskedDiceLossOptions extends DiceLossOptions {}

/** {@inheritDoc MaskedDiceLossOptions} */
export const MaskedDiceLoss: Convention<MaskedDiceLossOptions> = convention('monai.MaskedDiceLoss', DICE_LOSS, dice)

function dice(options: Read<typeof DICE_LOSS>, name: string) {
  checkActivations(options, name)
  return (inputs: Parameters<typeof tensorsOf>[0]): Arrangement => {
    const tensors = tensorsOf(inputs, options.toOnehotY, options.ignoreIndex)
    const term = diceTerm(options, tensors.grid)
    return single(tensors, options, term, [...cells(term, tensors), ...ones(tensors.grid)])
  }
}

/**
 * `TverskyLoss` of MONAI 1.5, per sample and class (with `batch`: per class)
 *
 *     ℓ = 1 − (I + s_n)/(I + α·FP + β·FN + s_d),   FP = Σ p·(1 − g), FN = Σ (1 − p)·g
 *
 * `'none'` returns `[N, C]`, with `batch` `[C]`.
 */
export interface TverskyLossOptions
  extends MonaiOptions, MonaiActivationOptions, MonaiSmoothOptions, MonaiSoftLabelOptions, MonaiIgnoreOptions {
  /** α, weight of false positives. Default 0.5. */
  readonly alpha?: number | undefined
  /** β, weight of false negatives. Default 0.5. */
  readonly beta?: number | undefined
}

/** {@inheritDoc TverskyLossOptions} */
export const TverskyLoss: Convention<TverskyLossOptions> = convention(
  'monai.TverskyLoss',
  { ...MONAI, ...ACTIVATIONS, ...SMOOTH, ...SOFT_LABEL, ...IGNORE, alpha: number(0.5), beta: number(0.5) },
  (options, name) => {
    checkActivations(options, name)
    return (inputs) => {
      const tensors = tensorsOf(inputs, options.toOnehotY, options.ignoreIndex)
      if (!options.batch) checkSpatial(tensors.grid, 'a score of each sample')
      const term = region({
        classes: countedClasses(tensors.grid.classes, options.includeBackground),
        form: options.softLabel ? 'absolute' : 'product',
        scale: 1,
        alpha: options.alpha,
        beta: options.beta,
        smoothNumerator: options.smoothNr,
        smoothDenominator: options.smoothDr,
        scorePer: options.batch ? 'class' : 'sample-class',
        reduction: options.reduction,
      })
      return single(tensors, options, term, cells(term, tensors))
    }
  },
)

/**
 * `GeneralizedDiceLoss` of MONAI 1.5, per sample (with `batch`: of the batch)
 *
 *     ℓ = 1 − (2·Σ_c w_c·I_c + s_n)/(Σ_c w_c·(P_c + G_c) + s_d)
 *
 * with w = 1/G² (`'square'`), 1/G (`'simple'`) or 1 (`'uniform'`); an absent class weighs as much as the heaviest present one.
 * `'none'` returns `[N, 1, 1, …]`, with `batch` `[1, 1, …]`.
 */
export interface GeneralizedDiceLossOptions
  extends MonaiOptions, MonaiActivationOptions, MonaiSmoothOptions, MonaiSoftLabelOptions {
  /** How a class's weight depends on its size in the target. Default `'square'`. */
  readonly wType?: 'square' | 'simple' | 'uniform' | undefined
}

/** The readers of generalised Dice inside a compound. */
export const GENERALIZED_DICE: typeof MONAI &
  typeof ACTIVATIONS &
  typeof SMOOTH & { readonly wType: Reader<'square' | 'simple' | 'uniform'> } = {
  ...MONAI,
  ...ACTIVATIONS,
  ...SMOOTH,
  wType: word(['square', 'simple', 'uniform'], 'square'),
}

/** The term of generalised Dice for some classes. */
export function generalizedDiceTerm(
  options: Read<typeof GENERALIZED_DICE> & { readonly softLabel?: boolean },
  grid: Grid,
): RegionTerm {
  const { classes } = grid
  if (!options.batch) checkSpatial(grid, 'a score of each sample')
  const power = options.wType === 'square' ? 2 : 1
  return region({
    classes: countedClasses(classes, options.includeBackground),
    form: options.softLabel === true ? 'absolute' : 'product',
    smoothNumerator: options.smoothNr,
    smoothDenominator: options.smoothDr,
    scorePer: options.batch ? 'batch' : 'sample',
    weightMode: 'inside',
    classWeights: everyClass(classes, 1),
    volumeWeights:
      options.wType === 'uniform' ? undefined : { volumes: 'score', power, offset: 0, floor: 0, absent: 'largest' },
    reduction: options.reduction,
  })
}

/** {@inheritDoc GeneralizedDiceLossOptions} */
export const GeneralizedDiceLoss: Convention<GeneralizedDiceLossOptions> = convention(
  'monai.GeneralizedDiceLoss',
  { ...GENERALIZED_DICE, ...SOFT_LABEL },
  (options, name) => {
    checkActivations(options, name)
    return (inputs) => {
      const tensors = tensorsOf(inputs, options.toOnehotY)
      const term = generalizedDiceTerm(options, tensors.grid)
      // MONAI weighs by Σg, where it sums |g|: of targets below 0 these are two numbers, and an engine has one.
      if (options.softLabel && options.wType !== 'uniform' && hasNegativeTarget(tensors.target)) throw signedTarget()
      const lead = options.batch ? [1] : [tensors.grid.samples, 1]
      return single(tensors, options, term, [...lead, ...ones(tensors.grid)])
    }
  },
)

function signedTarget(): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'wType',
    expected: "'uniform' with softLabel and a target below 0",
    actual: 'weights by the sums of such a target',
    remedy: "pass wType 'uniform', or a target of numbers ≥ 0",
  })
}
