import type { CriterionSpec, EvaluateCall, WassersteinTerm } from '../engine.ts'
import { addByProbability } from './activation.ts'
import { type Cell, cellsOf, reduceCells } from './cells.ts'
import type { Computation, TermResult } from './computation.ts'
import type { PixelReader } from './pixel.ts'
import { sum, Sums } from './sum.ts'

/**
 * Generalised Wasserstein Dice. With the volume `G_y = Σ m·g_y` of a label and its error `E_y = Σ m·g_y·Σ_c M[y, c]·p_c`, so that
 * `Σ m·g_y·(1 − W) = G_y − E_y`, both weightings are
 *
 *     loss = (s_d − s_n + Σ_y n_y·E_y) / D,   D = s_d + Σ_y (2·b_y·G_y + (n_y − 2·b_y)·E_y)
 *
 * `'default'` with n = 1 and b = 1 but for b_0 = 0; `'volume'` with n = b = 1/(G + 1). By an error:
 * `∂loss/∂E_y = (n_y − loss·(n_y − 2·b_y))/D`.
 */
export class Wasserstein implements Computation {
  readonly #term: WassersteinTerm
  readonly #spec: CriterionSpec
  readonly #samples: number
  /** At `sample · C + label`. */
  readonly #volume: Sums
  readonly #error: Sums
  readonly #slopes: Float64Array
  readonly #d: Float64Array

  constructor(term: WassersteinTerm, spec: CriterionSpec, call: EvaluateCall) {
    const length = call.samples * spec.classes
    this.#term = term
    this.#spec = spec
    this.#samples = call.samples
    this.#volume = new Sums(length)
    this.#error = new Sums(length)
    this.#slopes = new Float64Array(length)
    this.#d = new Float64Array(spec.classes)
  }

  observe({ sample, p, g, m }: PixelReader): void {
    for (let y = 0; y < p.length; y++) {
      let distance = 0
      for (let c = 0; c < p.length; c++) distance += this.#distance(y, c) * p[c]!
      const index = sample * p.length + y
      this.#volume.add(index, m * g[y]!)
      this.#error.add(index, m * g[y]! * distance)
    }
  }

  finish(): TermResult {
    const classes = Array.from({ length: this.#spec.classes }, (_, y) => y)
    const cells = cellsOf({ scorePer: this.#term.scorePer, classes }, this.#samples)
    const evaluated = cells.map((cell) => ({ cell, weight: 1, ...this.#evaluate(cell) }))
    const { loss, slopes } = reduceCells(evaluated, 'cells', 'mean', this.#term.reduction)
    evaluated.forEach(({ cell, byError }, i) => {
      for (const { sample, class: y } of cell.members) {
        this.#slopes[sample * this.#spec.classes + y] = slopes[i]! * byError[y]!
      }
    })
    return { loss, values: Float64Array.from(evaluated, (value) => value.loss) }
  }

  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void {
    const { sample, g, m } = pixel
    const d = this.#d.fill(0)
    for (let y = 0; y < d.length; y++) {
      const byError = m * g[y]! * this.#slopes[sample * d.length + y]!
      for (let c = 0; c < d.length; c++) d[c]! += byError * this.#distance(y, c)
    }
    addByProbability(this.#spec.activation, pixel, d, factor, slope)
  }

  /** `M[y, c]` */
  #distance(y: number, c: number): number {
    return this.#term.distances[y * this.#spec.classes + c]!
  }

  #evaluate({ members }: Cell): { readonly loss: number; readonly byError: Float64Array } {
    const C = this.#spec.classes
    const ofLabel = (sums: Sums, y: number): number =>
      sum(members.filter((member) => member.class === y).map(({ sample }) => sums.total(sample * C + y)))
    const byVolume = this.#term.weighting === 'volume'
    const labels = Array.from({ length: C }, (_, y) => {
      const G = ofLabel(this.#volume, y)
      const n = byVolume ? 1 / (G + 1) : 1
      return { G, E: ofLabel(this.#error, y), n, b: byVolume || y > 0 ? n : 0 }
    })
    const { smoothNumerator, smoothDenominator } = this.#term
    const D = smoothDenominator + sum(labels.map(({ G, E, n, b }) => 2 * b * G + (n - 2 * b) * E))
    const loss = (smoothDenominator - smoothNumerator + sum(labels.map(({ E, n }) => n * E))) / D
    return { loss, byError: Float64Array.from(labels, ({ n, b }) => (n - loss * (n - 2 * b)) / D) }
  }
}
