/** max(0, x). */
import type { Layer } from './layer.ts'
import type { Grid, Plane } from './plane.ts'

export class Relu implements Layer {
  readonly #grid: Grid
  readonly #output: Plane[]
  /** 1 where the input was above 0: a product costs less than a branch that half of the pixels take. */
  readonly #open: Plane[]
  readonly #slope: Plane[]

  constructor(grid: Grid, channels: number) {
    this.#grid = grid
    this.#output = grid.planes(channels)
    this.#open = grid.planes(channels)
    this.#slope = grid.planes(channels)
  }

  forward(input: readonly Plane[]): readonly Plane[] {
    input.forEach((plane, c) => {
      const [output, open] = [this.#output[c]!, this.#open[c]!]
      for (const i of this.#grid.inside) {
        open[i] = Number(plane[i]! > 0)
        output[i] = open[i] * plane[i]!
      }
    })
    return this.#output
  }

  backward(slope: readonly Plane[]): readonly Plane[] {
    slope.forEach((plane, c) => {
      const [open, below] = [this.#open[c]!, this.#slope[c]!]
      for (const i of this.#grid.inside) below[i] = open[i]! * plane[i]!
    })
    return this.#slope
  }
}
