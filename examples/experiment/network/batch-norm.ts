/** Batch normalisation: each channel brought to mean β and deviation γ over batch and space (Ioffe and Szegedy, 2015). */
import type { Layer, Parameters } from './layer.ts'
import { product, sum, type Grid, type Plane } from './plane.ts'

/** TensorFlow's defaults. */
const MOMENTUM = 0.99
const EPSILON = 1e-3

export class BatchNorm implements Layer {
  readonly #grid: Grid
  readonly #parameters: Float64Array
  /** Offset of γ, one a channel, and then β. */
  readonly #at: number
  readonly #channels: number
  readonly #movingMean: Float64Array
  readonly #movingVariance: Float64Array
  /** 1/√(variance + ε) of the last forward pass. */
  readonly #scale: Float64Array
  /** x̂ = (x − mean)·scale. */
  readonly #normalised: Plane[]
  readonly #output: Plane[]
  readonly #slope: Plane[]

  constructor(grid: Grid, parameters: Parameters, channels: number) {
    this.#grid = grid
    this.#parameters = parameters.values
    this.#channels = channels
    this.#at = parameters.take(channels, () => 1)
    parameters.take(channels, () => 0)
    this.#movingMean = new Float64Array(channels)
    this.#movingVariance = new Float64Array(channels).fill(1)
    this.#scale = new Float64Array(channels)
    this.#normalised = grid.planes(channels)
    this.#output = grid.planes(channels)
    this.#slope = grid.planes(channels)
  }

  forward(input: readonly Plane[], training: boolean): readonly Plane[] {
    const { inside } = this.#grid
    input.forEach((plane, c) => {
      const { mean, variance } = training ? this.#measure(plane, c) : this.#remembered(c)
      const scale = 1 / Math.sqrt(variance + EPSILON)
      this.#scale[c] = scale
      const [gamma, beta] = this.#affine(c)
      const [normalised, output] = [this.#normalised[c]!, this.#output[c]!]
      for (const i of inside) {
        normalised[i] = (plane[i]! - mean) * scale
        output[i] = gamma * normalised[i] + beta
      }
    })
    return this.#output
  }

  /** With n pixels a channel: ∂L/∂x = γ·scale·(g − Σ g/n − x̂·Σ g·x̂/n), ∂L/∂γ = Σ g·x̂, ∂L/∂β = Σ g. */
  backward(slope: readonly Plane[], gradient: Float64Array): readonly Plane[] {
    const { inside } = this.#grid
    slope.forEach((plane, c) => {
      const [normalised, below] = [this.#normalised[c]!, this.#slope[c]!]
      const [alongBeta, alongGamma] = [sum(this.#grid, plane), product(this.#grid, plane, normalised)]
      gradient[this.#at + c]! += alongGamma
      gradient[this.#at + this.#channels + c]! += alongBeta
      const [mean, along] = [alongBeta / inside.length, alongGamma / inside.length]
      const factor = this.#affine(c)[0] * this.#scale[c]!
      for (const i of inside) below[i] = factor * (plane[i]! - mean - normalised[i]! * along)
    })
    return this.#slope
  }

  #affine(c: number): [gamma: number, beta: number] {
    return [this.#parameters[this.#at + c]!, this.#parameters[this.#at + this.#channels + c]!]
  }

  #remembered(c: number) {
    return { mean: this.#movingMean[c]!, variance: this.#movingVariance[c]! }
  }

  /** Mean and variance of a channel, remembered as moving averages for validation. */
  #measure(plane: Plane, c: number) {
    const { inside } = this.#grid
    const mean = sum(this.#grid, plane) / inside.length
    let squares = 0
    for (const i of inside) squares += (plane[i]! - mean) ** 2
    const variance = squares / inside.length
    this.#movingMean[c] = MOMENTUM * this.#movingMean[c]! + (1 - MOMENTUM) * mean
    this.#movingVariance[c] = MOMENTUM * this.#movingVariance[c]! + (1 - MOMENTUM) * variance
    return { mean, variance }
  }
}
