/** A number added to each channel: what a convolution has where no normalisation follows. */
import type { Layer, Parameters } from './layer.ts'
import { sum, type Grid, type Plane } from './plane.ts'

export class Bias implements Layer {
  readonly #grid: Grid
  readonly #parameters: Float64Array
  readonly #at: number
  readonly #output: Plane[]

  constructor(grid: Grid, parameters: Parameters, channels: number) {
    this.#grid = grid
    this.#parameters = parameters.values
    this.#at = parameters.take(channels, () => 0)
    this.#output = grid.planes(channels)
  }

  forward(input: readonly Plane[]): readonly Plane[] {
    input.forEach((plane, c) => {
      const [bias, output] = [this.#parameters[this.#at + c]!, this.#output[c]!]
      for (const i of this.#grid.inside) output[i] = plane[i]! + bias
    })
    return this.#output
  }

  backward(slope: readonly Plane[], gradient: Float64Array): readonly Plane[] {
    slope.forEach((plane, c) => (gradient[this.#at + c]! += sum(this.#grid, plane)))
    return slope
  }
}
