import type { CriterionSpec, EvaluateCall, MeanOver, Reduction } from '../engine.ts'
import { addByLogit } from './activation.ts'
import type { Computation, PixelCounts, TermResult } from './computation.ts'
import type { PixelReader } from './pixel.ts'
import { sum, Sums } from './sum.ts'

/** A function of a class of a pixel, and its derivative by the logit of the class's probability. */
export interface ElementFunction {
  of(pixel: PixelReader, c: number): number
  byLogit(pixel: PixelReader, c: number): number
}

/** A loss that is a sum over pixels and classes, before the pixels' weights: what one element adds. */
export interface PixelFormula extends ElementFunction {
  /** A pixel's loss is the sum over its classes, or each class has one of its own. */
  readonly form: 'categorical' | 'binary'
  /** The classes that are summed. */
  readonly classes: readonly number[]
  readonly clip: number
  readonly meanOver: MeanOver
  readonly reduction: Reduction
  /** What an element adds to the mean's divisor under `'weights'`. */
  weight(pixel: PixelReader, c: number): number
  /** What is summed to the number that every element is divided by; absent: 1. */
  readonly normalizer?: ElementFunction | undefined
}

/** Lower bound of a normalizer. */
const SMALLEST_NORMALIZER = 1e-6

/**
 * Any loss that is a sum over pixels: `scale·Σ m·ℓ`, with the scale 1/N under `'mean'` and 1 else, over the normalizer
 * `D = Σ m·f` where there is one: by the quotient rule `∂loss = scale/D·Σ m·∂ℓ − loss/D·Σ m·∂f`.
 */
export class PixelSum implements Computation {
  readonly formula: PixelFormula
  readonly #spec: CriterionSpec
  readonly #call: EvaluateCall
  readonly #parts: Sums
  readonly #weight = new Sums(1)
  readonly #normalizer = new Sums(1)
  /** Under reduction `'none'`: `m·ℓ` of each pixel or element. */
  readonly #values: Float64Array | undefined
  readonly #byLogit: Float64Array
  #scale = 0
  #normalizerScale = 0

  constructor(formula: PixelFormula, spec: CriterionSpec, call: EvaluateCall) {
    this.formula = formula
    this.#spec = spec
    this.#call = call
    this.#parts = new Sums(spec.classes)
    this.#byLogit = new Float64Array(spec.classes)
    const length = formula.form === 'categorical' ? call.samples * call.pixels : call.prediction.length
    if (formula.reduction === 'none') this.#values = new Float64Array(length)
  }

  /** `m·ℓ` of a pixel. */
  lossOf(pixel: PixelReader): number {
    return pixel.m * sum(this.formula.classes.map((c) => this.formula.of(pixel, c)))
  }

  observe(pixel: PixelReader): void {
    const { formula } = this
    const { m } = pixel
    for (const c of formula.classes) {
      const part = m * formula.of(pixel, c)
      this.#parts.add(c, part)
      this.#weight.add(0, m * formula.weight(pixel, c))
      if (formula.normalizer !== undefined) this.#normalizer.add(0, m * formula.normalizer.of(pixel, c))
      if (this.#values !== undefined) this.#values[this.#valueIndex(pixel, c)]! += part
    }
  }

  finish(counts: PixelCounts): TermResult {
    const N = this.#divisor(counts)
    const normalizer = this.formula.normalizer === undefined ? 1 : this.#normalizer.total(0)
    const D = Math.max(normalizer, SMALLEST_NORMALIZER)
    this.#scale = N === 0 ? 0 : 1 / N / D
    // A mean over nothing is 0.
    const scaled = (total: number): number => (this.#scale === 0 ? 0 : this.#scale * total)
    const values = Float64Array.from({ length: this.#spec.classes }, (_, c) => scaled(this.#parts.total(c)))
    const loss = sum(values)
    // Where the bound holds the normalizer, it does not change.
    this.#normalizerScale = normalizer < SMALLEST_NORMALIZER ? 0 : -loss / D
    return { loss, values: this.#values?.map(scaled) ?? values }
  }

  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void {
    const { normalizer } = this.formula
    this.#addSlopeOf(this.formula, pixel, this.#scale * factor, slope)
    if (normalizer !== undefined) this.#addSlopeOf(normalizer, pixel, this.#normalizerScale * factor, slope)
  }

  #addSlopeOf(element: ElementFunction, pixel: PixelReader, factor: number, slope: Float64Array): void {
    const b = this.#byLogit.fill(0)
    for (const c of this.formula.classes) b[c] = element.byLogit(pixel, c)
    addByLogit(this.#spec.activation, pixel, b, this.formula.clip, pixel.m * factor, slope)
  }

  /** N, what the mean divides by; 1 without one. */
  #divisor(counts: PixelCounts): number {
    const { form, classes, meanOver, reduction } = this.formula
    if (reduction !== 'mean') return 1
    if (meanOver === 'weights') return this.#weight.total(0)
    return (form === 'categorical' ? 1 : classes.length) * (meanOver === 'pixels' ? counts.all : counts.valid)
  }

  #valueIndex(pixel: PixelReader, c: number): number {
    return this.formula.form === 'categorical' ? pixel.sample * this.#call.pixels + pixel.pixel : pixel.indexOf(c)
  }
}
