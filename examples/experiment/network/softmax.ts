/** p_c = exp(z_c) / Σ_k exp(z_k) of each pixel, from planes of logits to probabilities with the classes last. */
import type { Grid, Plane } from './plane.ts'

export class Softmax {
  readonly #grid: Grid
  readonly #classes: number
  readonly #probabilities: Float32Array<ArrayBuffer>
  readonly #slope: Plane[]

  constructor(grid: Grid, classes: number) {
    this.#grid = grid
    this.#classes = classes
    this.#probabilities = new Float32Array(grid.inside.length * classes)
    this.#slope = grid.planes(classes)
  }

  forward(logits: readonly Plane[]): Float32Array<ArrayBuffer> {
    const { inside } = this.#grid
    const classes = this.#classes
    const exponentials = new Float64Array(classes)
    for (let pixel = 0; pixel < inside.length; pixel++) {
      const i = inside[pixel]!
      let largest = -Infinity
      for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[c]![i]!)
      let sum = 0
      for (let c = 0; c < classes; c++) sum += exponentials[c] = Math.exp(logits[c]![i]! - largest)
      for (let c = 0; c < classes; c++) this.#probabilities[pixel * classes + c] = exponentials[c]! / sum
    }
    return this.#probabilities
  }

  /** ∂L/∂z_c = p_c·(∂L/∂p_c − Σ_k p_k·∂L/∂p_k). */
  backward(slope: Float32Array): readonly Plane[] {
    const { inside } = this.#grid
    const classes = this.#classes
    const p = this.#probabilities
    for (let pixel = 0, at = 0; pixel < inside.length; pixel++, at += classes) {
      let mean = 0
      for (let c = 0; c < classes; c++) mean += p[at + c]! * slope[at + c]!
      for (let c = 0; c < classes; c++) this.#slope[c]![inside[pixel]!] = p[at + c]! * (slope[at + c]! - mean)
    }
    return this.#slope
  }
}
