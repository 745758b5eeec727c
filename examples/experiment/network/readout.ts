/** The 1×1 convolution with bias that gives each pixel its logits, a plane a class. */
import type { Random } from '../random.ts'
import { xavier } from './convolution.ts'
import type { Layer, Parameters } from './layer.ts'
import { addTimes, product, sum, type Grid, type Plane } from './plane.ts'

export class Readout implements Layer {
  readonly #grid: Grid
  readonly #parameters: Float64Array
  readonly #inputs: number
  /** Offset of the weights `[class][input]`, and of the biases. */
  readonly #weights: number
  readonly #biases: number
  readonly #output: Plane[]
  readonly #slope: Plane[]
  #input: readonly Plane[] = []

  constructor(grid: Grid, parameters: Parameters, inputs: number, classes: number, uniform: Random) {
    this.#grid = grid
    this.#parameters = parameters.values
    this.#inputs = inputs
    this.#weights = parameters.take(classes * inputs, xavier(1, inputs, classes, uniform))
    this.#biases = parameters.take(classes, () => 0)
    this.#output = grid.planes(classes)
    this.#slope = grid.planes(inputs)
  }

  forward(input: readonly Plane[]): readonly Plane[] {
    this.#input = input
    this.#output.forEach((output, c) => {
      output.fill(this.#parameters[this.#biases + c]!)
      input.forEach((plane, k) => addTimes(this.#grid, output, this.#parameters[this.#weight(c, k)]!, plane))
    })
    return this.#output
  }

  backward(slope: readonly Plane[], gradient: Float64Array): readonly Plane[] {
    for (const below of this.#slope) below.fill(0)
    slope.forEach((plane, c) => {
      gradient[this.#biases + c]! += sum(this.#grid, plane)
      this.#input.forEach((input, k) => {
        gradient[this.#weight(c, k)]! += product(this.#grid, plane, input)
        addTimes(this.#grid, this.#slope[k]!, this.#parameters[this.#weight(c, k)]!, plane)
      })
    })
    return this.#slope
  }

  #weight(c: number, k: number): number {
    return this.#weights + c * this.#inputs + k
  }
}
