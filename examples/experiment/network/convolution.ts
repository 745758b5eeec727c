/** A 3×3 "same" convolution without bias. */
import type { Random } from '../random.ts'
import type { Layer, Parameters } from './layer.ts'
import { correlate, correlateGradient, type Grid, type Plane } from './plane.ts'

const TAPS = 9

/** Xavier (Glorot) uniform: within ±√(6 / (fan in + fan out)), with the taps counted in both fans, as TensorFlow does. */
export const xavier = (taps: number, inputs: number, outputs: number, uniform: Random) => {
  const bound = Math.sqrt(6 / (taps * (inputs + outputs)))
  return () => (2 * uniform() - 1) * bound
}

export class Convolution implements Layer {
  readonly #grid: Grid
  readonly #weights: Float64Array
  /** Offset of the weights `[output][input][tap]`. */
  readonly #at: number
  readonly #output: Plane[]
  readonly #slope: Plane[]
  #input: readonly Plane[] = []

  /** With `first`, nothing lies below, and no slope is computed for it. */
  constructor(grid: Grid, parameters: Parameters, inputs: number, outputs: number, uniform: Random, first: boolean) {
    this.#grid = grid
    this.#weights = parameters.values
    this.#at = parameters.take(outputs * inputs * TAPS, xavier(TAPS, inputs, outputs, uniform))
    this.#output = grid.planes(outputs)
    this.#slope = first ? [] : grid.planes(inputs)
  }

  forward(input: readonly Plane[]): readonly Plane[] {
    this.#input = input
    this.#output.forEach((output, o) => {
      output.fill(0)
      input.forEach((plane, i) => correlate(this.#grid, plane, this.#weights, this.#part(o, i), false, output))
    })
    return this.#output
  }

  backward(slope: readonly Plane[], gradient: Float64Array): readonly Plane[] {
    slope.forEach((plane, o) => {
      this.#input.forEach((input, i) => correlateGradient(this.#grid, plane, input, gradient, this.#part(o, i)))
    })
    this.#slope.forEach((below, i) => {
      below.fill(0)
      slope.forEach((plane, o) => correlate(this.#grid, plane, this.#weights, this.#part(o, i), true, below))
    })
    return this.#slope
  }

  #part(output: number, input: number): number {
    return this.#at + (output * this.#input.length + input) * TAPS
  }
}
