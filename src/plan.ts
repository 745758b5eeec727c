/** A criterion as numbers, which the native engine reads in this order: `crates/maskloss-node/src/plan.rs` has the grammar. */
import type { CriterionSpec, Term } from './engine.ts'

const ACTIVATIONS = ['none', 'sigmoid', 'softmax'] as const
const FORMS = ['product', 'squared', 'absolute'] as const
const TRANSFORMS = ['one-minus', 'negative-log', 'power'] as const
const SCORE_PER = ['sample-class', 'class', 'sample', 'batch'] as const
const WEIGHT_MODES = ['mean', 'multiply', 'inside'] as const
const EMPTY_CLASSES = ['smooth', 'perfect', 'worst', 'skip', 'nan'] as const
const REDUCTIONS = ['mean', 'sum', 'none'] as const
const MEAN_OVER = ['weights', 'valid-pixels', 'pixels'] as const

/** The plan of a criterion. */
export function planOf(spec: CriterionSpec): Float64Array {
  return Float64Array.from([
    ACTIVATIONS.indexOf(spec.activation),
    spec.classes,
    ...optional(spec.ignoreIndex, (label) => [label]),
    ...optional(spec.maskValue, (label) => [label]),
    Number(spec.checkValues),
    ...optional(spec.regions, regionsPlan),
    spec.terms.length,
    ...spec.terms.flatMap(termPlan),
  ])
}

/** The plan of regions: their number, then each one's labels. */
export function regionsPlan(regions: readonly (readonly number[])[]): number[] {
  return [regions.length, ...regions.flatMap(list)]
}

function termPlan(term: Term): number[] {
  switch (term.kind) {
    case 'region':
      return [
        term.weight,
        0,
        FORMS.indexOf(term.form),
        TRANSFORMS.indexOf(term.transform),
        term.gamma,
        term.scale,
        term.alpha,
        term.beta,
        term.smoothNumerator,
        term.smoothDenominator,
        term.floor,
        SCORE_PER.indexOf(term.scorePer),
        WEIGHT_MODES.indexOf(term.weightMode),
        EMPTY_CLASSES.indexOf(term.emptyClass),
        REDUCTIONS.indexOf(term.reduction),
        ...list(term.classes),
        ...optional(term.classWeights, list),
      ]
    case 'cross-entropy':
      return [term.weight, 1, ...logarithmPlan(term), ...optional(term.classWeights, list)]
    case 'binary-cross-entropy':
      return [
        term.weight,
        2,
        ...logarithmPlan(term),
        ...optional(term.classWeights, list),
        ...optional(term.positiveWeights, list),
      ]
  }
}

function logarithmPlan(term: Exclude<Term, { kind: 'region' }>): number[] {
  return [term.labelSmoothing, MEAN_OVER.indexOf(term.meanOver), term.clip, REDUCTIONS.indexOf(term.reduction)]
}

function optional<T>(value: T | undefined, write: (value: T) => readonly number[]): readonly number[] {
  return value === undefined ? [0] : [1, ...write(value)]
}

function list(numbers: readonly number[]): number[] {
  return [numbers.length, ...numbers]
}
