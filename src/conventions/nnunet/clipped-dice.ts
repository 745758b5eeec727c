/** Dice whose intersection has a lower bound, which no engine computes: nnU-Net's `clip_tp`. */
import type { EngineCriterion, EvaluateCall, RegionTerm } from '../../engine.ts'

/** The sums of one cell, and the derivatives of its score by them. */
interface Cell {
  I: number
  P: number
  G: number
  /** By p where the pixel is of the class, beyond what every pixel has; and what every pixel has. */
  hit: number
  every: number
}

/**
 * `(2·max(I, bound) + s)/max(2·max(I, bound) + FP + FN + s, floor)` of probabilities with channels first, in float64 and one thread:
 * classes, pooling, smoothing and weight of a region term, negated, and averaged over the cells. Below the bound I has no slope, FP and FN have.
 */
export function clippedDice(term: RegionTerm, bound: number, ignoreIndex: number | undefined): EngineCriterion {
  return {
    evaluate(call) {
      const pooled = term.scorePer === 'class'
      const cells = Array.from({ length: pooled ? 1 : call.samples }, () =>
        term.classes.map((): Cell => ({ I: 0, P: 0, G: 0, hit: 0, every: 0 })),
      )
      let nonFinite = 0
      forEachElement(term, call, ignoreIndex, (sample, index, p, g, m) => {
        const cell = cells[pooled ? 0 : sample]?.[index] as Cell
        cell.I += m * p * g
        cell.P += m * p
        cell.G += m * g
        if (!Number.isFinite(p)) nonFinite += 1
      })
      const all = cells.flat()
      for (const [index, cell] of all.entries()) call.values[index] = -scoreOf(cell, term, bound)
      const loss = call.values.reduce((sum, value) => sum + value, 0) / all.length
      call.terms[0] = loss

      const { gradient } = call
      if (gradient !== undefined) {
        if (!call.accumulate) gradient.fill(0)
        const scale = (-call.gradientScale * term.weight) / all.length
        forEachElement(term, call, ignoreIndex, (sample, index, _, g, m, at) => {
          const cell = cells[pooled ? 0 : sample]?.[index] as Cell
          gradient[at]! += scale * m * (cell.every + g * cell.hit)
        })
      }
      return { loss: term.weight * loss, nonFinite }
    },
  }
}

/** The score of a cell; its slopes go into the cell. FP + FN = P + G − 2I. */
function scoreOf(cell: Cell, term: RegionTerm, bound: number): number {
  const { I, P, G } = cell
  const clipped = I < bound
  const hits = 2 * (clipped ? bound : I)
  const numerator = hits + term.smoothNumerator
  const denominator = hits + P + G - 2 * I + term.smoothDenominator
  const divisor = Math.max(denominator, term.floor)
  const score = numerator / divisor
  const byDenominator = denominator > term.floor ? -score / divisor : 0
  // By p: FP + FN falls by 2 and the hits grow by 2 where the pixel is of the class; everywhere P grows.
  cell.hit = clipped ? -2 * byDenominator : 2 / divisor
  cell.every = byDenominator
  return score
}

type Visit = (sample: number, index: number, p: number, g: number, m: number, at: number) => void

/** Visits every element of the classes that count, but for pixels of weight 0 and of the ignored label. */
function forEachElement(term: RegionTerm, call: EvaluateCall, ignoreIndex: number | undefined, visit: Visit): void {
  const { prediction, target, perClass, samples, pixels } = call
  const count = prediction.length / (samples * pixels)
  for (let pixel = 0; pixel < samples * pixels; pixel += 1) {
    const m = call.pixelWeights?.[pixel] ?? 1
    const label = perClass ? undefined : Number(target[pixel])
    if (m === 0 || (label !== undefined && label === ignoreIndex)) continue
    const sample = Math.floor(pixel / pixels)
    for (const [index, c] of term.classes.entries()) {
      const at = (sample * count + c) * pixels + (pixel % pixels)
      const g = perClass ? Number(target[at]) : Number(label === c)
      visit(sample, index, prediction[at] as number, g, m, at)
    }
  }
}
