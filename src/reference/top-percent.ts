import type { CriterionSpec, EvaluateCall } from '../engine.ts'
import type { Computation, PixelCounts, TermResult } from './computation.ts'
import { PixelReader } from './pixel.ts'
import type { PixelSum } from './pixel-sum.ts'

/**
 * Of a sum over pixels only the pixels of the largest loss `m·ℓ`: k of them, so many per cent of all pixels, rounded down. Of equal
 * losses the first ones by position; NaN is the largest loss. Pixels that do not count are never among them.
 */
export class TopPercent implements Computation {
  readonly #sum: PixelSum
  readonly #spec: CriterionSpec
  readonly #call: EvaluateCall
  readonly #percent: number
  readonly #losses: { readonly position: number; readonly loss: number }[] = []
  #chosen: ReadonlySet<number> = new Set()

  constructor(sum: PixelSum, percent: number, spec: CriterionSpec, call: EvaluateCall) {
    this.#sum = sum
    this.#percent = percent
    this.#spec = spec
    this.#call = call
  }

  observe(pixel: PixelReader): void {
    this.#losses.push({ position: this.#positionOf(pixel), loss: this.#sum.lossOf(pixel) })
  }

  finish({ all }: PixelCounts): TermResult {
    const k = Math.floor((all * this.#percent) / 100)
    // Sorting keeps the order of equals.
    const descending = this.#losses.toSorted((a, b) => compare(b.loss, a.loss))
    this.#chosen = new Set(descending.slice(0, k).map(({ position }) => position))
    const reader = new PixelReader(this.#spec, this.#call)
    for (const position of this.#chosen) {
      reader.seek(Math.floor(position / this.#call.pixels), position % this.#call.pixels)
      reader.read()
      this.#sum.observe(reader)
    }
    return this.#sum.finish({ all: k, valid: this.#chosen.size })
  }

  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void {
    if (this.#chosen.has(this.#positionOf(pixel))) this.#sum.addSlope(pixel, factor, slope)
  }

  #positionOf({ sample, pixel }: PixelReader): number {
    return sample * this.#call.pixels + pixel
  }
}

/** Order of numbers, NaN the largest. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a - b
}
