/**
 * Images as planes with a border of zeros: a "same" convolution is one flat loop.
 *
 * A plane holds one channel of all images of a batch, each with one zero around it. The loops run over the border too, as it costs less
 * than to go around it; what they leave there is never read, because layers read and write `inside` only.
 */

export type Plane = Float64Array<ArrayBuffer>

export class Grid {
  /** Length of a plane. */
  readonly length: number
  /** Length of a row with its border. */
  readonly width: number
  /** The pixels that are no border, in the order of the images. */
  readonly inside: Int32Array

  constructor(images: number, size: number) {
    const width = size + 2
    this.length = images * width * width
    this.width = width
    this.inside = new Int32Array(images * size * size)
    for (let i = 0; i < this.inside.length; i++) {
      const [row, column] = [Math.floor(i / size), i % size]
      const image = Math.floor(row / size)
      this.inside[i] = (image * width + (row % size) + 1) * width + column + 1
    }
  }

  /** Planes of zeros. */
  planes(channels: number): Plane[] {
    return Array.from({ length: channels }, () => new Float64Array(this.length))
  }
}

/**
 * `to[i] += Σ weights[at + 3·row + column]·from[i + (row − 1)·width + column − 1]`; with `turned`, of the weights in reverse order: the
 * transposed convolution. Of the nine neighbours, six stay in registers from one pixel to the next.
 */
export function correlate(
  grid: Grid,
  from: Plane,
  weights: Float64Array,
  at: number,
  turned: boolean,
  to: Plane,
): void {
  const { width } = grid
  const tap = (k: number): number => weights[at + (turned ? 8 - k : k)]!
  const [w0, w1, w2, w3, w4, w5, w6, w7, w8] = [tap(0), tap(1), tap(2), tap(3), tap(4), tap(5), tap(6), tap(7), tap(8)]
  let a0 = 0
  let a1 = 0
  let b0 = 0
  let b1 = 0
  let c0 = 0
  let c1 = 0
  for (let i = width, end = grid.length - width - 1; i < end; i++) {
    const a2 = from[i - width + 1]!
    const b2 = from[i + 1]!
    const c2 = from[i + width + 1]!
    to[i]! += w0 * a0 + w1 * a1 + w2 * a2 + w3 * b0 + w4 * b1 + w5 * b2 + w6 * c0 + w7 * c1 + w8 * c2
    a0 = a1
    a1 = a2
    b0 = b1
    b1 = b2
    c0 = c1
    c1 = c2
  }
}

/**
 * `to[at + 3·row + column] += Σ_i slope[i]·from[i + (row − 1)·width + column − 1]`: the gradient of `correlate` for its weights, where the border
 * of `slope` is zero. Each value of a row meets three slopes, so that only these slide along.
 */
export function correlateGradient(grid: Grid, slope: Plane, from: Plane, to: Float64Array, at: number): void {
  const { width } = grid
  let [s0, s1, s2, s3, s4, s5, s6, s7, s8] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  let before = 0
  let here = 0
  for (let i = width, end = grid.length - width - 1; i < end; i++) {
    const after = slope[i + 1]!
    const a = from[i - width]!
    const b = from[i]!
    const c = from[i + width]!
    s0 += after * a
    s1 += here * a
    s2 += before * a
    s3 += after * b
    s4 += here * b
    s5 += before * b
    s6 += after * c
    s7 += here * c
    s8 += before * c
    before = here
    here = after
  }
  const sums = [s0, s1, s2, s3, s4, s5, s6, s7, s8]
  for (let k = 0; k < 9; k++) to[at + k]! += sums[k]!
}

/** `to[i] += factor·from[i]`. */
export function addTimes(grid: Grid, to: Plane, factor: number, from: Plane): void {
  for (const i of grid.inside) to[i]! += factor * from[i]!
}

/** `Σ_i plane[i]`. */
export function sum(grid: Grid, plane: Plane): number {
  let total = 0
  for (const i of grid.inside) total += plane[i]!
  return total
}

/** `Σ_i one[i]·other[i]`. */
export function product(grid: Grid, one: Plane, other: Plane): number {
  let total = 0
  for (const i of grid.inside) total += one[i]! * other[i]!
  return total
}
