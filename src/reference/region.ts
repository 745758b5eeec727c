import type { RegionTerm } from '../engine.ts'
import type { RegionStatistics } from './statistics.ts'
import { sum } from './sum.ts'

/**
 * The derivative of a loss by the probabilities, per (sample, class): `∂L/∂p_v = m_v · (A·g_v + B + C·p_v + S·sign(p_v − g_v))`.
 */
export interface Slopes {
  readonly A: Float64Array
  readonly B: Float64Array
  readonly C: Float64Array
  readonly S: Float64Array
}

/** A loss made of region scores. */
export interface RegionLoss {
  readonly loss: number
  /** `w·ℓ` of each cell; NaN where skipped. */
  readonly values: Float64Array
  readonly slopes: Slopes
}

/** What one score is made of. */
interface Cell {
  /** The (sample, class) statistics that are pooled. */
  readonly members: readonly { readonly index: number; readonly weight: number }[]
  /** The weight of the cell's loss. */
  readonly weight: number
}

/** The score of a cell and its derivatives by `I` and by `P`. */
interface Score {
  readonly score: number
  /** `1 − score` */
  readonly miss: number
  readonly byIntersection: number
  readonly byPredicted: number
}

/** The loss of a cell, before its weight, and its derivative by the score. */
interface CellLoss {
  readonly loss: number
  readonly byScore: number
  readonly skipped: boolean
}

/** All slopes zero: the start of a sum over terms. */
export function noSlopes(length: number): Slopes {
  const zeros = (): Float64Array => new Float64Array(length)
  return { A: zeros(), B: zeros(), C: zeros(), S: zeros() }
}

/** Statistics in; loss, values and slopes out. */
export function regionLoss(term: RegionTerm, statistics: RegionStatistics): RegionLoss {
  const cells = cellsOf(term, statistics)
  const scores = cells.map((cell) => scoreOf(term, statistics, cell))
  const losses = cells.map((cell, i) => cellLoss(term, scores[i]!, isEmpty(statistics, cell)))
  const values = Float64Array.from(losses, ({ loss, skipped }, i) => (skipped ? NaN : cells[i]!.weight * loss))
  const counted = cells.flatMap((cell, i) => (losses[i]!.skipped ? [] : [{ weight: cell.weight, value: values[i]! }]))

  const divisor = divisorOf(
    term,
    counted.map(({ weight }) => weight),
  )
  const loss = divisor === 0 ? 0 : sum(counted.map(({ value }) => value)) / divisor

  const slopes = noSlopes(statistics.samples * statistics.classes)
  cells.forEach((cell, i) => {
    if (divisor === 0 || losses[i]!.byScore === 0) return
    const byScore = (cell.weight * losses[i]!.byScore) / divisor
    for (const { index, weight } of cell.members) addSlopes(term, slopes, index, weight * byScore, scores[i]!)
  })
  return { loss, values, slopes }
}

/** What Σ values is divided by; 0 means a loss over nothing. */
function divisorOf(term: RegionTerm, weights: readonly number[]): number {
  if (term.reduction !== 'mean') return 1
  return term.weightMode === 'mean' ? sum(weights) : weights.length
}

/** The cells in the order of `values`. */
function cellsOf(term: RegionTerm, { samples, classes }: RegionStatistics): Cell[] {
  const weightOf = (c: number): number => term.classWeights?.[c] ?? 1
  const inside = term.weightMode === 'inside'
  const member = (n: number, c: number): Cell['members'][number] => ({
    index: n * classes + c,
    weight: inside ? weightOf(c) : 1,
  })
  const all = Array.from({ length: samples }, (_, n) => n)
  const ofClass = (c: number, members: Cell['members']): Cell => ({ members, weight: inside ? 1 : weightOf(c) })
  switch (term.scorePer) {
    case 'sample-class':
      return all.flatMap((n) => term.classes.map((c) => ofClass(c, [member(n, c)])))
    case 'class':
      return term.classes.map((c) =>
        ofClass(
          c,
          all.map((n) => member(n, c)),
        ),
      )
    case 'sample':
      return all.map((n) => ({ members: term.classes.map((c) => member(n, c)), weight: 1 }))
    case 'batch':
      return [{ members: all.flatMap((n) => term.classes.map((c) => member(n, c))), weight: 1 }]
  }
}

/** Σ m·g = 0: the reference has nothing of what the cell is about. */
function isEmpty(statistics: RegionStatistics, cell: Cell): boolean {
  return sum(cell.members.map(({ index }) => statistics.target[index]!)) === 0
}

/** `s = (a·I + s_n) / max(a·(I + α·(P − I) + β·(G − I)) + s_d, floor)`; a floor of 0 bounds nothing. */
function scoreOf(term: RegionTerm, statistics: RegionStatistics, { members }: Cell): Score {
  const pooled = (sums: Float64Array): number => sum(members.map(({ index, weight }) => weight * sums[index]!))
  const squared = term.form === 'squared'
  const P = pooled(squared ? statistics.predictedSquares : statistics.predicted)
  const G = pooled(squared ? statistics.targetSquares : statistics.target)
  const I = term.form === 'absolute' ? (P + G - pooled(statistics.difference)) / 2 : pooled(statistics.intersection)

  const { scale: a, alpha, beta, floor } = term
  const numerator = a * I + term.smoothNumerator
  const errors = a * (alpha * (P - I) + beta * (G - I))
  const unbounded = a * I + errors + term.smoothDenominator
  const bounded = floor > 0 && unbounded < floor
  const denominator = bounded ? floor : unbounded
  const score = numerator / denominator
  // The quotient rule, with the denominator constant where the floor holds it up.
  const byDenominator = bounded ? 0 : -score / denominator
  return {
    score,
    // From the errors themselves: near a perfect score the difference 1 − s has few digits left.
    miss: bounded ? 1 - score : (errors + term.smoothDenominator - term.smoothNumerator) / denominator,
    byIntersection: a / denominator + byDenominator * a * (1 - alpha - beta),
    byPredicted: byDenominator * a * alpha,
  }
}

/** From the score of a cell to its loss; a cell without reference goes by `emptyClass`. */
function cellLoss(term: RegionTerm, { score, miss }: Score, empty: boolean): CellLoss {
  const constant = (loss: number): CellLoss => ({ loss, byScore: 0, skipped: false })
  switch (empty ? term.emptyClass : 'smooth') {
    case 'smooth':
      return { ...transform(term, score, miss), skipped: false }
    case 'perfect':
      return constant(transform(term, 1, 0).loss)
    case 'worst':
      return constant(transform(term, 0, 1).loss)
    case 'skip':
      return { loss: NaN, byScore: 0, skipped: true }
    case 'nan':
      return { loss: NaN, byScore: NaN, skipped: false }
  }
}

/** `1 − s`, `−log(max(s, floor))` or `(1 − s)^γ`, and its derivative by `s`. */
function transform(term: RegionTerm, score: number, miss: number): { loss: number; byScore: number } {
  if (term.transform === 'negative-log') {
    if (score <= Math.max(term.floor, 0)) return { loss: -Math.log(Math.max(term.floor, 0)), byScore: 0 }
    return { loss: -Math.log(score), byScore: -1 / score }
  }
  if (term.transform === 'power' && term.gamma !== 1) {
    const base = Math.max(miss, 0)
    // At score 1 the derivative of the power is 0 or, for γ < 1, infinite: 0 stands for both, the cell is perfect.
    return {
      loss: base ** term.gamma,
      byScore: base === 0 ? 0 : -term.gamma * base ** (term.gamma - 1),
    }
  }
  return { loss: miss, byScore: -1 }
}

/**
 * Chains ∂L/∂s with the derivatives of `I` and `P` by one probability: product `∂I = m·g, ∂P = m`; squared `∂I = m·g, ∂P = 2·m·p`;
 * absolute `∂I = m·(1 − sign(p − g))/2, ∂P = m`.
 */
function addSlopes(term: RegionTerm, slopes: Slopes, index: number, byScore: number, score: Score): void {
  const byIntersection = byScore * score.byIntersection
  const byPredicted = byScore * score.byPredicted
  if (term.form === 'absolute') {
    slopes.B[index]! += byIntersection / 2 + byPredicted
    slopes.S[index]! -= byIntersection / 2
    return
  }
  slopes.A[index]! += byIntersection
  if (term.form === 'squared') slopes.C[index]! += 2 * byPredicted
  else slopes.B[index]! += byPredicted
}
