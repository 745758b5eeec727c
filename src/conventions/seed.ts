/**
 * The five losses of the article that maskloss comes from, of softmax probabilities with the classes last, `[N, …, C]`. Targets are one-hot in the same shape,
 * or labels `[N, …]`, `[N, …, 1]`.
 */
import type { CriterionSpec, RegionForm, Term } from '../engine.ts'
import { channelsLast, holdsLabels, labels, pixelWeights, planes, type Grid, type Inputs } from './arrange.ts'
import { convention, type Arrangement, type Convention } from './convention.ts'
import { softmax } from './path.ts'
import { flag } from './reader.ts'
import { classIds, criterion, crossEntropy, region } from './terms.ts'

/** What all five take. */
export interface SeedOptions {
  /** The prediction holds logits, and the gradient is that for them. Default `false`: probabilities. */
  readonly fromLogits?: boolean | undefined
}

const TABLE = { fromLogits: flag(false) }
const EPSILON = 1e-7

function arrangement(inputs: Inputs, grid: Grid, activation: CriterionSpec['activation'], term: Term): Arrangement {
  const target = holdsLabels(inputs.target, grid) ? labels(inputs.target, grid) : planes(inputs.target, grid)
  const spec = criterion({ activation, classes: grid.classes, terms: [term] })
  return { jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }] }
}

/**
 * CCE: the mean over the pixels of `−Σ_c g_c·log clip(p_c, 1e-7, 1 − 1e-7)`. Where the clip holds, the gradient is 0. With `fromLogits` the
 * softmax is computed in TypeScript, in memory of its own, so that the clip stands between it and the logarithm.
 */
export interface CceOptions extends SeedOptions {}

/** {@inheritDoc CceOptions} */
export const cce: Convention<CceOptions> = convention('seed.cce', TABLE, ({ fromLogits }) => (inputs) => {
  const given = channelsLast(inputs.prediction)
  const grid = fromLogits ? { ...given, path: softmax(given.path, 1, given.classes) } : given
  return arrangement(inputs, grid, 'none', crossEntropy({ clip: EPSILON, meanOver: 'pixels' }))
})

/** Dice: the mean over the classes of `1 − (2·Σ p·g + ε)/(Σ p + Σ g + ε)`, sums over batch and space, ε = 1e-7. */
function diceOf(name: string, form: RegionForm, includeBackground: boolean): Convention<SeedOptions> {
  return convention(`seed.${name}`, TABLE, ({ fromLogits }) => (inputs) => {
    const grid = channelsLast(inputs.prediction)
    const term = region({
      classes: classIds(grid.classes, includeBackground),
      form,
      smoothNumerator: EPSILON,
      smoothDenominator: EPSILON,
      scorePer: 'class',
    })
    return arrangement(inputs, grid, fromLogits ? 'softmax' : 'none', term)
  })
}

/** DICE: the mean over the classes of `1 − (2·Σ p·g + ε)/(Σ p + Σ g + ε)`, sums over batch and space, ε = 1e-7. */
export const dice: Convention<SeedOptions> = diceOf('dice', 'product', true)

/** DICE_SQUARE: as `dice`, with `Σ p²` and `Σ g²` in the denominator. */
export const diceSquare: Convention<SeedOptions> = diceOf('diceSquare', 'squared', true)

/** DICEFG: as `dice`, without class 0. */
export const dicefg: Convention<SeedOptions> = diceOf('dicefg', 'product', false)

/** DICEFG_SQUARE: as `diceSquare`, without class 0. */
export const dicefgSquare: Convention<SeedOptions> = diceOf('dicefgSquare', 'squared', false)
