import type { SensitivitySpecificityTerm } from '../engine.ts'
import type { CellFormula } from './cell-loss.ts'

/** `r·Σg(1 − p)²/(Σg + s) + (1 − r)·Σ(1 − g)p²/(Σ(1 − g) + s)`: the squared errors inside the reference and outside. */
export function sensitivitySpecificityFormula({ share, smooth }: SensitivitySpecificityTerm): CellFormula {
  return {
    quantities: ['missSquares', 'excessSquares', 'target', 'pixels'],
    evaluate({ missSquares, excessSquares, target: G, pixels: V }) {
      const inside = share / (G + smooth)
      const outside = (1 - share) / (V - G + smooth)
      return {
        loss: inside * missSquares + outside * excessSquares,
        bySums: { missSquares: inside, excessSquares: outside },
      }
    },
    lossOfScore: (score) => 1 - score,
  }
}
