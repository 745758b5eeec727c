/**
 * A criterion as numbers, once for each criterion. The native engine reads them in this order:
 *
 *     criterion  activation, classes, ignoreIndex?, maskValue?, checkValues, regions: [[label]]?, terms: [term]
 *     term       weight, kind, then by kind
 *       0 region                   cells, form, transform, gamma, classGammas: [γ]?, outerTransform, outerGamma, scale, alpha, beta,
 *                                  smoothNumerator, smoothDenominator, floor, targetFloor,
 *                                  volumeWeights: (volumes, power, offset, floor, absent)?
 *       1 cross-entropy            classWeights: [w]?, labelSmoothing, meanOver, clip, topPercent?, reduction
 *       2 binary-cross-entropy     classWeights: [w]?, positiveWeights: [π]?, labelSmoothing, meanOver, clip, reduction
 *       3 correlation              cells, smooth
 *       4 sensitivity-specificity  cells, share, smooth
 *       5 wasserstein              distances: [d], weighting, smoothNumerator, smoothDenominator, scorePer, reduction
 *       6 pixel                    function, form, gammas: [γ], positiveWeights: [a]?, negativeWeights: [b]?, targetScale,
 *                                  targetOffset, softTarget, reducedThreshold?, normalized, classes: [class], meanOver, clip,
 *                                  reduction
 *       7 lovasz                   form, scorePer, classes: [class], emptyClass, averaging, reduction
 *     cells      scorePer, classes: [class], classWeights: [w]?, weightMode, emptyClass, averaging, reduction
 *     x?         0, or 1 and x
 *     [x]        the length, then each x
 *     names      their place in the type of `engine.ts`, from 0; false 0, true 1
 */
import type { CellOptions, CriterionSpec, RegionTerm, Term, VolumeWeights } from './engine.ts'

const ACTIVATIONS = ['none', 'sigmoid', 'softmax'] as const
const KINDS = [
  'region',
  'cross-entropy',
  'binary-cross-entropy',
  'correlation',
  'sensitivity-specificity',
  'wasserstein',
  'pixel',
  'lovasz',
] as const
const REGION_FORMS = ['product', 'squared', 'absolute', 'squared-errors'] as const
const TRANSFORMS = ['one-minus', 'negative', 'negative-log', 'power', 'log-power', 'penalty'] as const
const OUTER_TRANSFORMS = ['power', 'log-power', 'penalty'] as const
const VOLUMES = ['score', 'batch'] as const
const SCORE_PER = ['sample-class', 'class', 'sample', 'batch'] as const
const WEIGHT_MODES = ['mean', 'multiply', 'inside'] as const
const EMPTY_CLASSES = ['smooth', 'perfect', 'worst', 'skip', 'nan'] as const
const AVERAGINGS = ['cells', 'samples', 'classes'] as const
const REDUCTIONS = ['mean', 'sum', 'none'] as const
const ABSENT_WEIGHTS = ['formula', 'largest', 'zero'] as const
const MEAN_OVER = ['weights', 'valid-pixels', 'pixels'] as const
const WASSERSTEIN_WEIGHTINGS = ['default', 'volume'] as const
const PIXEL_FUNCTIONS = ['focal', 'poly', 'generalized'] as const
const PIXEL_FORMS = ['categorical', 'binary'] as const
const SOFT_TARGETS = ['linear', 'mixed', 'signed'] as const
const LOVASZ_FORMS = ['softmax', 'hinge'] as const

/** The plan of a criterion. */
export function planOf(spec: CriterionSpec): Float64Array {
  return Float64Array.from([
    ACTIVATIONS.indexOf(spec.activation),
    spec.classes,
    ...optional(spec.ignoreIndex, one),
    ...optional(spec.maskValue, one),
    Number(spec.checkValues),
    ...optional(spec.regions, regionsPlan),
    spec.terms.length,
    ...spec.terms.flatMap((term) => [term.weight, KINDS.indexOf(term.kind), ...termPlan(term)]),
  ])
}

/** The plan of regions: their number, then each one's labels. */
export function regionsPlan(regions: readonly (readonly number[])[]): number[] {
  return [regions.length, ...regions.flatMap(list)]
}

/** A term without its weight and kind. */
function termPlan(term: Term): readonly number[] {
  switch (term.kind) {
    case 'region':
      return regionPlan(term)
    case 'cross-entropy':
      return [
        ...optional(term.classWeights, list),
        term.labelSmoothing,
        MEAN_OVER.indexOf(term.meanOver),
        term.clip,
        ...optional(term.topPercent, one),
        REDUCTIONS.indexOf(term.reduction),
      ]
    case 'binary-cross-entropy':
      return [
        ...optional(term.classWeights, list),
        ...optional(term.positiveWeights, list),
        term.labelSmoothing,
        MEAN_OVER.indexOf(term.meanOver),
        term.clip,
        REDUCTIONS.indexOf(term.reduction),
      ]
    case 'correlation':
      return [...cellsPlan(term), term.smooth]
    case 'sensitivity-specificity':
      return [...cellsPlan(term), term.share, term.smooth]
    case 'wasserstein':
      return [
        ...list(term.distances),
        WASSERSTEIN_WEIGHTINGS.indexOf(term.weighting),
        term.smoothNumerator,
        term.smoothDenominator,
        SCORE_PER.indexOf(term.scorePer),
        REDUCTIONS.indexOf(term.reduction),
      ]
    case 'pixel':
      return [
        PIXEL_FUNCTIONS.indexOf(term.function),
        PIXEL_FORMS.indexOf(term.form),
        ...list(term.gammas),
        ...optional(term.positiveWeights, list),
        ...optional(term.negativeWeights, list),
        term.targetScale,
        term.targetOffset,
        SOFT_TARGETS.indexOf(term.softTarget),
        ...optional(term.reducedThreshold, one),
        Number(term.normalized),
        ...list(term.classes),
        MEAN_OVER.indexOf(term.meanOver),
        term.clip,
        REDUCTIONS.indexOf(term.reduction),
      ]
    case 'lovasz':
      return [
        LOVASZ_FORMS.indexOf(term.form),
        SCORE_PER.indexOf(term.scorePer),
        ...list(term.classes),
        EMPTY_CLASSES.indexOf(term.emptyClass),
        AVERAGINGS.indexOf(term.averaging),
        REDUCTIONS.indexOf(term.reduction),
      ]
  }
}

function regionPlan(term: RegionTerm): number[] {
  return [
    ...cellsPlan(term),
    REGION_FORMS.indexOf(term.form),
    TRANSFORMS.indexOf(term.transform),
    term.gamma,
    ...optional(term.classGammas, list),
    OUTER_TRANSFORMS.indexOf(term.outerTransform),
    term.outerGamma,
    term.scale,
    term.alpha,
    term.beta,
    term.smoothNumerator,
    term.smoothDenominator,
    term.floor,
    term.targetFloor,
    ...optional(term.volumeWeights, volumePlan),
  ]
}

function cellsPlan(cells: CellOptions): number[] {
  return [
    SCORE_PER.indexOf(cells.scorePer),
    ...list(cells.classes),
    ...optional(cells.classWeights, list),
    WEIGHT_MODES.indexOf(cells.weightMode),
    EMPTY_CLASSES.indexOf(cells.emptyClass),
    AVERAGINGS.indexOf(cells.averaging),
    REDUCTIONS.indexOf(cells.reduction),
  ]
}

function volumePlan({ volumes, power, offset, floor, absent }: VolumeWeights): number[] {
  return [VOLUMES.indexOf(volumes), power, offset, floor, ABSENT_WEIGHTS.indexOf(absent)]
}

function one(number: number): number[] {
  return [number]
}

function optional<T>(value: T | undefined, write: (value: T) => readonly number[]): readonly number[] {
  return value === undefined ? [0] : [1, ...write(value)]
}

function list(numbers: readonly number[]): number[] {
  return [numbers.length, ...numbers]
}
