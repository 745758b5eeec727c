/** smp's focal loss. */
import type { EngineCriterion, PixelTerm } from '../../engine.ts'
import { NON_NEGATIVE, POSITIVE, SHARE, type Range } from '../../options.ts'
import { numbersOf, type Grid, type Input } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { clamp, perElement, type Path } from '../path.ts'
import { flag, number, numbers, orNull, word, type Read } from '../reader.ts'
import { allZero, classIds, criterion, everyClass, oneVersusRest, pixelTerm } from '../terms.ts'
import {
  IGNORE_INDEX,
  MODE,
  refuse,
  tensorsOf,
  weightsOf,
  type SmpIgnoreOptions,
  type SmpModeOptions,
  type SmpWeightOptions,
} from './common.ts'
import { softFocal } from './soft-focal.ts'

const CLIP: Range = { min: 0, max: 0.5, below: true }
const REDUCTIONS = ['mean', 'sum', 'none', 'batchwise_mean'] as const

/**
 * `FocalLoss` of segmentation-models-pytorch 0.5: of each class against the rest, behind a sigmoid in every mode,
 *
 *     ℓ = a_t·(1 − p_t)^γ·(−log p_t),   p_t = p where the target is 1, else 1 − p;   a_t = α and 1 − α
 *
 * then the mean over the classes of each class's mean (or sum). A pixel that is ignored does not count in it.
 *
 * - `'none'` and `null` return one value an element that counts in `'binary'` mode (in one row); in the other modes they are the mean,
 *   since smp takes the mean of the classes' values.
 * - `'batchwise_mean'` is the sum in `'binary'` mode; in the others, without ignored pixels, the mean over classes and pixels of
 *   the sum over samples.
 * - Probabilities (`fromLogits: false`) are clipped; in `'multiclass'` mode their logarithms are taken as logits, as smp does.
 *
 * Targets between 0 and 1 are computed in TypeScript, with `p_t = p^t·(1 − p)^(1 − t)`. In `'multilabel'` mode smp cannot ignore; with
 * classWeights it has no values of single elements. smp up to 0.5.0 has the sum over the classes in `'multiclass'` mode, C times this.
 */
export interface FocalLossOptions extends SmpModeOptions, SmpIgnoreOptions, SmpWeightOptions {
  /** α in [0, 1]. Default `null`: no weights. */
  readonly alpha?: number | null | undefined
  /** γ ≥ 0. Default 2. */
  readonly gamma?: number | undefined
  /** Default `true`. */
  readonly fromLogits?: boolean | undefined
  /** ε of the clip `[ε, 1 − ε]` of probabilities, in [0, ½). Default 1e-7. */
  readonly eps?: number | undefined
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | 'batchwise_mean' | null | undefined
  /** Divides each class's loss by its `Σ (1 − p_t)^γ` (at least 1e-6) too, which has a slope. Default `false`. */
  readonly normalized?: boolean | undefined
  /** θ > 0: `(1 − p_t)^γ` is 1 where p_t < θ, and `((1 − p_t)/θ)^γ` elsewhere. Default `null`. */
  readonly reducedThreshold?: number | null | undefined
}

const FOCAL = {
  mode: MODE,
  alpha: orNull(number(0, SHARE)),
  gamma: number(2, NON_NEGATIVE),
  ignoreIndex: IGNORE_INDEX,
  fromLogits: flag(true),
  eps: number(1e-7, CLIP),
  reduction: orNull(word(REDUCTIONS, 'mean'), 'mean'),
  normalized: flag(false),
  reducedThreshold: orNull(number(0, POSITIVE)),
  classWeights: orNull(numbers(NON_NEGATIVE)),
}
type Focal = Read<typeof FOCAL>

/** {@inheritDoc FocalLossOptions} */
export const FocalLoss: Convention<FocalLossOptions> = convention('smp.FocalLoss', FOCAL, (options) => {
  const { mode, ignoreIndex, fromLogits } = options
  const { reduction = 'none' } = options
  const hasWeights = options.classWeights !== undefined
  const binary = mode === 'binary'
  if (binary) refuse('classWeights', hasWeights, "mode 'binary'", 'there is one class')
  const reduced = reduction === 'mean' || reduction === 'sum'
  if (!reduced) refuse('classWeights', hasWeights, `reduction '${reduction}'`, "smp has them for 'mean' and 'sum' only")
  if (mode === 'multilabel') {
    refuse('ignoreIndex', ignoreIndex !== undefined, "mode 'multilabel'", 'smp cannot ignore here: use pixelWeights')
  }
  return (inputs) => {
    const tensors = tensorsOf(inputs, mode, ignoreIndex, fromLogits)
    const { grid } = tensors
    const none = binary && reduction === 'none'
    const logarithms = mode === 'multiclass' && !fromLogits
    const path = logarithms ? logarithm(clamp(grid.path, options.eps, 1 - options.eps)) : grid.path
    const spec = criterion({
      activation: fromLogits || logarithms ? 'sigmoid' : 'none',
      classes: grid.classes,
      ignoreIndex: tensors.ignoreIndex,
      regions: mode === 'multiclass' ? oneVersusRest(grid.classes) : undefined,
      terms: termsOf(options, none ? 'none' : engineReduction(reduction), factorOf(options, grid), grid.classes),
    })
    const own = mode !== 'multiclass' && isSoft(inputs.target, ignoreIndex) ? softOf(options, grid) : undefined
    const job = { ...tensors, spec, own, grid: { ...grid, path } }
    const numbers = numbersOf(inputs.target)
    // The mean of nothing is NaN, as in PyTorch.
    const mayCountNothing = ignoreIndex !== undefined && engineReduction(reduction) === 'mean'
    const nothing = mayCountNothing && numbers.every((label) => label === ignoreIndex)
    if (!none) return { jobs: [job], undefinedTerm: nothing || allZero(options.classWeights) ? 0 : undefined }
    const counts = (_: number, index: number): boolean => numbers[index] !== ignoreIndex
    return {
      jobs: [job],
      valuesShape: [numbers.filter(counts).length],
      values: ([values]) => (values as Float64Array<ArrayBuffer>).filter(counts),
    }
  }
})

/** One term for all classes; one for each where each has a divisor of its own. */
function termsOf(options: Focal, reduction: 'mean' | 'sum' | 'none', factor: number, classes: number): PixelTerm[] {
  const { alpha, gamma, eps } = options
  const weights = weightsOf(options.classWeights, classes) ?? everyClass(classes, 1)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const all = classIds(classes)
  const groups = options.normalized ? all.map((c) => [c]) : [all]
  const scaled = (part: number): number[] => weights.map((weight) => (part * weight * classes) / sum)
  return groups.map((group) =>
    pixelTerm({
      function: 'focal',
      form: 'binary',
      // The mean of an engine is over the classes of its term already.
      weight: reduction === 'mean' ? group.length / classes : factor,
      gammas: everyClass(classes, gamma),
      positiveWeights: scaled(alpha ?? 1),
      negativeWeights: scaled(alpha === undefined ? 1 : 1 - alpha),
      reducedThreshold: options.reducedThreshold,
      normalized: options.normalized,
      classes: group,
      meanOver: 'valid-pixels',
      clip: options.fromLogits || options.mode === 'multiclass' ? 0 : eps,
      reduction,
    }),
  )
}

/** The same for targets that are neither 0 nor 1. */
function softOf(options: Focal, grid: Grid): EngineCriterion {
  const { mode, reduction = 'none' } = options
  const reduced = mode === 'binary' && reduction === 'none' ? 'none' : engineReduction(reduction)
  const { classes } = grid
  const weights = weightsOf(options.classWeights, classes) ?? everyClass(classes, 1)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const factor = reduced === 'mean' ? 1 : factorOf(options, grid) * classes
  return softFocal({
    ...options,
    clip: options.fromLogits ? undefined : options.eps,
    reduction: reduced,
    factors: weights.map((weight) => (factor * weight) / sum),
  })
}

function engineReduction(reduction: 'mean' | 'sum' | 'none' | 'batchwise_mean'): 'mean' | 'sum' {
  return reduction === 'sum' || reduction === 'batchwise_mean' ? 'sum' : 'mean'
}

/** From the sum over elements to the mean over the classes, and over the pixels of a plane where smp takes that too. */
function factorOf({ mode, reduction, ignoreIndex }: Focal, { classes, pixels }: Grid): number {
  const overPixels = reduction === 'batchwise_mean' && mode !== 'binary' && ignoreIndex === undefined
  return 1 / classes / (overPixels ? pixels : 1)
}

function logarithm(path: Path): Path {
  return perElement(path, Math.log, (p) => 1 / p)
}

/** Whether a target that counts is neither 0 nor 1. */
function isSoft(target: Input, ignoreIndex: number | undefined): boolean {
  return numbersOf(target).some((g) => g !== 0 && g !== 1 && g !== ignoreIndex)
}
