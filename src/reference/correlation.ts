import type { CorrelationTerm } from '../engine.ts'
import type { CellFormula } from './cell-loss.ts'

/**
 * `1 − ρ`, ρ Matthews' correlation `(TP·TN − FP·FN)/√Q`, `Q = (TP + FP)(TP + FN)(TN + FP)(TN + FN)`, with s added to each count:
 * `Q = (P + 2s)(G + 2s)(V − G + 2s)(V − P + 2s)`. By the sums, with `T = V + 4s` the total of the counts,
 *
 *     ∂ρ/∂I = T/√Q        ∂ρ/∂P = −(G + 2s)/√Q − ρ/2·(1/(P + 2s) − 1/(V − P + 2s))
 */
export function correlationFormula({ smooth: s }: CorrelationTerm): CellFormula {
  return {
    quantities: ['intersection', 'predicted', 'target', 'pixels'],
    evaluate({ intersection: I, predicted: P, target: G, pixels: V }) {
      const [TP, FP, FN, TN] = [I + s, P - I + s, G - I + s, V - P - G + I + s]
      const [positive, actual] = [P + 2 * s, G + 2 * s]
      const [negative, absent] = [V - P + 2 * s, V - G + 2 * s]
      const root = Math.sqrt(positive * actual * absent * negative)
      const correlation = (TP * TN - FP * FN) / root
      return {
        loss: 1 - correlation,
        bySums: {
          intersection: -(V + 4 * s) / root,
          predicted: actual / root + (correlation / 2) * (1 / positive - 1 / negative),
        },
      }
    },
    lossOfScore: (score) => 1 - score,
  }
}
