import type { RegionForm, RegionTerm, RegionTransform } from '../engine.ts'
import type { CellExtras, CellFormula, CellValue } from './cell-loss.ts'
import { power } from './power.ts'
import type { BySums, CellSums, QuantityName } from './quantities.ts'

/** What is right and wrong in a cell. */
interface Overlap {
  readonly I: number
  readonly FP: number
  readonly FN: number
}

/** How a form makes overlaps of sums. They are linear in the sums: from derivatives by the overlap to those by the sums. */
interface Form {
  readonly quantities: readonly QuantityName[]
  overlap(sums: CellSums): Overlap
  bySums(by: Overlap): BySums
}

const FORMS: Readonly<Record<RegionForm, Form>> = {
  product: {
    quantities: ['intersection', 'predicted', 'target'],
    overlap: ({ intersection: I, predicted: P, target: G }) => ({ I, FP: P - I, FN: G - I }),
    bySums: ({ I, FP, FN }) => ({ intersection: I - FP - FN, predicted: FP, target: FN }),
  },
  squared: {
    quantities: ['intersection', 'predictedSquares', 'targetSquares'],
    overlap: ({ intersection: I, predictedSquares: P, targetSquares: G }) => ({ I, FP: P - I, FN: G - I }),
    bySums: ({ I, FP, FN }) => ({ intersection: I - FP - FN, predictedSquares: FP, targetSquares: FN }),
  },
  // I = (P + G − D)/2, so that FP = P − I and FN = G − I share D evenly.
  absolute: {
    quantities: ['predicted', 'target', 'difference'],
    overlap: ({ predicted: P, target: G, difference: D }) => ({
      I: (P + G - D) / 2,
      FP: (P - G + D) / 2,
      FN: (G - P + D) / 2,
    }),
    bySums: ({ I, FP, FN }) => ({
      predicted: (I + FP - FN) / 2,
      target: (I - FP + FN) / 2,
      difference: (FP + FN - I) / 2,
    }),
  },
  'squared-errors': {
    quantities: ['hitSquares', 'excessSquares', 'missSquares'],
    overlap: ({ hitSquares: I, excessSquares: FP, missSquares: FN }) => ({ I, FP, FN }),
    bySums: ({ I, FP, FN }) => ({ hitSquares: I, excessSquares: FP, missSquares: FN }),
  },
}

/** A score and its derivatives by the overlap. */
interface Score {
  readonly score: number
  /** `1 − score` */
  readonly miss: number
  readonly by: Overlap
}

/** The region family: a score of overlap, then a transform to a loss. */
export function regionFormula(term: RegionTerm): CellFormula {
  const form = FORMS[term.form]
  const gammaOf = (c: number | undefined): number =>
    c === undefined ? term.gamma : (term.classGammas?.[c] ?? term.gamma)
  return {
    quantities: form.quantities,
    evaluate(sums, c): CellValue {
      const { score, miss, by } = scoreOf(term, form.overlap(sums))
      const { loss, byScore } = transform(term.transform, gammaOf(c), term.floor, score, miss)
      // Where the loss does not change, a denominator of 0 does not matter.
      if (byScore === 0) return { loss, bySums: {} }
      return { loss, bySums: form.bySums({ I: byScore * by.I, FP: byScore * by.FP, FN: byScore * by.FN }) }
    },
    lossOfScore: (score, c) => transform(term.transform, gammaOf(c), term.floor, score, 1 - score).loss,
  }
}

/** What the family has beside its cells; the outer transform takes the reduced value for the miss of a score. */
export function regionExtras(term: RegionTerm): CellExtras {
  const { targetFloor, volumeWeights, outerTransform, outerGamma, floor } = term
  return {
    targetFloor,
    volumeWeights,
    outer(value) {
      const { loss, byScore } = transform(outerTransform, outerGamma, floor, 1 - value, value)
      return { value: loss, slope: -byScore }
    },
  }
}

/** `s = (a·I + s_n) / max(a·(I + α·FP + β·FN) + s_d, floor)`; a floor of 0 bounds nothing. */
function scoreOf(term: RegionTerm, { I, FP, FN }: Overlap): Score {
  const { scale: a, alpha, beta, floor } = term
  const numerator = a * I + term.smoothNumerator
  const errors = a * (alpha * FP + beta * FN)
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
    by: { I: a / denominator + byDenominator * a, FP: byDenominator * a * alpha, FN: byDenominator * a * beta },
  }
}

/** From a score `s` and its miss `ℓ = 1 − s` to the loss, and its derivative by `s`. */
function transform(
  name: RegionTransform,
  gamma: number,
  floor: number,
  score: number,
  miss: number,
): { loss: number; byScore: number } {
  switch (name) {
    case 'one-minus':
      return { loss: miss, byScore: -1 }
    case 'negative':
      return { loss: 0 - score, byScore: -1 }
    case 'negative-log':
      return logarithm(score, floor)
    case 'power': {
      const { value, slope } = power(miss, gamma)
      return { loss: value, byScore: -slope }
    }
    case 'log-power': {
      const { loss, byScore } = logarithm(score, floor)
      const { value, slope } = power(loss, gamma)
      return { loss: value, byScore: byScore === 0 ? 0 : slope * byScore }
    }
    case 'penalty': {
      const divisor = 1 + gamma * (1 - miss)
      return { loss: miss / divisor, byScore: -(1 + gamma) / divisor ** 2 }
    }
  }
}

/** `−log(max(s, floor))`: constant at and below the floor. */
function logarithm(score: number, floor: number): { loss: number; byScore: number } {
  if (score <= Math.max(floor, 0)) return { loss: -Math.log(Math.max(floor, 0)), byScore: 0 }
  return { loss: -Math.log(score), byScore: -1 / score }
}
