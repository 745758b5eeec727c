import type { CriterionSpec, EvaluateCall, LovaszTerm } from '../engine.ts'
import { addByProbability } from './activation.ts'
import { type Cell, cellsOf, reduceCells } from './cells.ts'
import type { Computation, TermResult } from './computation.ts'
import type { PixelReader } from './pixel.ts'
import { sum } from './sum.ts'

/** A pixel of a class. */
interface Entry {
  /** `(sample · C + class) · V + pixel`, whatever the layout: what orders equal errors. */
  readonly position: number
  readonly error: number
  /** The error's derivative by the prediction: by p for `'softmax'`, by z for `'hinge'`. */
  readonly slope: number
  /** The target. */
  readonly t: number
}

/**
 * The Lovász extension of the Jaccard loss. With the errors e of a cell in descending order, and `J_k = 1 − (T − Σ_{i≤k} t_i)/(T + Σ_{i≤k} (1 − t_i))`
 * the Jaccard loss where the first k pixels are wrong, T = Σ t,
 *
 *     ℓ = Σ_k e_k·(J_k − J_{k−1}),   ∂ℓ/∂e_k = J_k − J_{k−1}
 *
 * Source: Berman, Rannen Triki, Blaschko, "The Lovász-softmax loss" (2018).
 */
export class Lovasz implements Computation {
  readonly #term: LovaszTerm
  readonly #spec: CriterionSpec
  readonly #call: EvaluateCall
  /** Per sample and class, at `sample · C + class`. */
  readonly #entries: readonly Entry[][]
  /** `∂loss/∂prediction` by position. */
  readonly #slopes: Float64Array
  readonly #d: Float64Array

  constructor(term: LovaszTerm, spec: CriterionSpec, call: EvaluateCall) {
    this.#term = term
    this.#spec = spec
    this.#call = call
    this.#entries = Array.from({ length: call.samples * spec.classes }, () => [])
    this.#slopes = new Float64Array(call.samples * spec.classes * call.pixels)
    this.#d = new Float64Array(spec.classes)
  }

  observe(pixel: PixelReader): void {
    for (const c of this.#term.classes) {
      const t = pixel.g[c]!
      const position = this.#positionOf(pixel, c)
      const entry = this.#term.form === 'hinge' ? hinge(pixel.z[c]!, t) : absolute(pixel.p[c]!, t)
      this.#entries[pixel.sample * this.#spec.classes + c]!.push({ position, t, ...entry })
    }
  }

  finish(): TermResult {
    const cells = cellsOf(this.#term, this.#call.samples)
    const evaluated = cells.map((cell) => {
      const entries = this.#entriesOf(cell)
      const isSkipped = this.#term.emptyClass === 'skip' && sum(entries.map(({ t }) => t)) === 0
      const { loss, byError } = lovaszExtension(entries)
      return { cell, weight: 1, entries, loss: isSkipped ? undefined : loss, byError }
    })
    const reduced = reduceCells(evaluated, this.#term.averaging, 'mean', this.#term.reduction)
    evaluated.forEach(({ entries, byError }, i) => {
      const factor = reduced.slopes[i]!
      if (factor === 0) return
      entries.forEach(({ position, slope }, k) => (this.#slopes[position] = factor * byError[k]! * slope))
    })
    return { loss: reduced.loss, values: Float64Array.from(evaluated, ({ loss }) => loss ?? NaN) }
  }

  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void {
    const d = this.#d.fill(0)
    for (const c of this.#term.classes) d[c] = this.#slopes[this.#positionOf(pixel, c)]!
    const activation = this.#term.form === 'hinge' ? 'none' : this.#spec.activation
    addByProbability(activation, pixel, d, factor, slope)
  }

  #positionOf({ sample, pixel }: PixelReader, c: number): number {
    return (sample * this.#spec.classes + c) * this.#call.pixels + pixel
  }

  /** The cell's entries, the largest error first. */
  #entriesOf({ members }: Cell): Entry[] {
    const entries = members.flatMap(({ sample, class: c }) => this.#entries[sample * this.#spec.classes + c]!)
    return entries.toSorted((a, b) => b.error - a.error || a.position - b.position)
  }
}

/** `max(0, 1 − z·(2t − 1))` */
function hinge(z: number, t: number): Pick<Entry, 'error' | 'slope'> {
  const sign = 2 * t - 1
  const error = Math.max(0, 1 - z * sign)
  return { error, slope: error === 0 ? 0 : -sign }
}

/** `|t − p|`; where p = t its derivative is taken as 0. */
function absolute(p: number, t: number): Pick<Entry, 'error' | 'slope'> {
  return { error: Math.abs(t - p), slope: Math.sign(p - t) }
}

/** The loss of sorted errors and its derivative by each. One that is NaN makes all of them NaN. */
function lovaszExtension(entries: readonly Entry[]): { readonly loss: number; readonly byError: Float64Array } {
  const T = sum(entries.map(({ t }) => t))
  const byError = new Float64Array(entries.length)
  let [inside, outside, before] = [0, 0, 0]
  entries.forEach(({ t }, k) => {
    inside += t
    outside += 1 - t
    const jaccard = 1 - (T - inside) / (T + outside)
    byError[k] = jaccard - before
    before = jaccard
  })
  const loss = sum(entries.map(({ error }, k) => error * byError[k]!))
  return { loss, byError: Number.isNaN(loss) ? byError.fill(NaN) : byError }
}
