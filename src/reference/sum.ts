/**
 * Many running sums, each compensated (Neumaier's variant of Kahan's sum): what an addition rounds away is kept beside the
 * sum, so that the error stays near 1e-16 · Σ|x| however many terms there are.
 */
export class Sums {
  readonly #sum: Float64Array
  readonly #lost: Float64Array

  constructor(length: number) {
    this.#sum = new Float64Array(length)
    this.#lost = new Float64Array(length)
  }

  /** Adds `x` to sum `i`. */
  add(i: number, x: number): void {
    const before = this.#sum[i]!
    const after = before + x
    // Of the two operands the larger one survives the rounding; the difference is what the smaller one lost.
    this.#lost[i]! += Math.abs(before) >= Math.abs(x) ? before - after + x : x - after + before
    this.#sum[i] = after
  }

  /** Sum `i`. */
  total(i: number): number {
    const total = this.#sum[i]!
    return Number.isFinite(total) ? total + this.#lost[i]! : total
  }
}

/** The compensated sum of `values`. */
export function sum(values: Iterable<number>): number {
  const sums = new Sums(1)
  for (const value of values) sums.add(0, value)
  return sums.total(0)
}
