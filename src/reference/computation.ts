import type { PixelReader } from './pixel.ts'

/** How many pixels there are, and how many count. */
export interface PixelCounts {
  /** Samples times pixels of a plane. */
  readonly all: number
  /** Those that are not ignored and have a weight. */
  readonly valid: number
}

/** What a term came to, before its weight. */
export interface TermResult {
  readonly loss: number
  /** As `values.ts` says. */
  readonly values: Float64Array
}

/** One term of a criterion on the data of one call: it sees the pixels that count, says its loss, and sees them again. */
export interface Computation {
  /** First pass: a pixel that counts. */
  observe(pixel: PixelReader): void
  /** Between the passes, once. */
  finish(counts: PixelCounts): TermResult
  /** Second pass: adds `factor · ∂loss/∂z_c` of a pixel that counts to `slope[c]`. */
  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void
}
