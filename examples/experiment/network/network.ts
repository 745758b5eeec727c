/** The network of the study: two 3×3 convolutions of 4 filters, each with batch normalisation or a bias and a ReLU, and a 1×1 convolution to the softmax of 2 classes. */
import type { Random } from '../random.ts'
import { BatchNorm } from './batch-norm.ts'
import { Bias } from './bias.ts'
import { Convolution } from './convolution.ts'
import { Parameters, type Layer } from './layer.ts'
import { Grid, type Plane } from './plane.ts'
import { Readout } from './readout.ts'
import { Relu } from './relu.ts'
import { Softmax } from './softmax.ts'

const FILTERS = 4
export const CLASSES = 2

export interface NetworkOptions {
  readonly images: number
  /** Rows and columns of an image. */
  readonly size: number
  readonly batchNorm: boolean
}

export class Network {
  /** All parameters: the optimiser changes them in place. */
  readonly parameters: Float64Array<ArrayBuffer>
  readonly #grid: Grid
  readonly #image: Plane
  readonly #layers: readonly Layer[]
  readonly #softmax: Softmax

  constructor({ images, size, batchNorm }: NetworkOptions, uniform: Random) {
    const norm = batchNorm ? 2 * FILTERS : FILTERS
    const parameters = new Parameters(9 * FILTERS + norm + 9 * FILTERS * FILTERS + norm + (FILTERS + 1) * CLASSES)
    const grid = new Grid(images, size)
    const block = (inputs: number, first: boolean): Layer[] => [
      new Convolution(grid, parameters, inputs, FILTERS, uniform, first),
      batchNorm ? new BatchNorm(grid, parameters, FILTERS) : new Bias(grid, parameters, FILTERS),
      new Relu(grid, FILTERS),
    ]
    this.#grid = grid
    this.#image = grid.planes(1)[0]!
    this.#layers = [
      ...block(1, true),
      ...block(FILTERS, false),
      new Readout(grid, parameters, FILTERS, CLASSES, uniform),
    ]
    this.#softmax = new Softmax(grid, CLASSES)
    this.parameters = parameters.values
  }

  /** Probabilities `[images, size, size, 2]` of images `[images, size, size, 1]`; the next call writes them anew. */
  forward(images: Float32Array, training: boolean): Float32Array<ArrayBuffer> {
    for (let pixel = 0; pixel < images.length; pixel++) this.#image[this.#grid.inside[pixel]!] = images[pixel]!
    let planes: readonly Plane[] = [this.#image]
    for (const layer of this.#layers) planes = layer.forward(planes, training)
    return this.#softmax.forward(planes)
  }

  /** Writes the gradient for all parameters of a loss whose gradient for the probabilities of the last training pass is `slope`. */
  backward(slope: Float32Array, gradient: Float64Array): void {
    gradient.fill(0)
    let planes = this.#softmax.backward(slope)
    for (const layer of this.#layers.toReversed()) planes = layer.backward(planes, gradient)
  }
}
