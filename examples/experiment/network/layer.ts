/** What the layers of the network have in common. */
import type { Plane } from './plane.ts'

/**
 * A layer owns its parameters, a part of the network's one array, and the planes that it computes. `backward` reads what the last `forward`
 * left, so several slopes can go back through one forward pass.
 */
export interface Layer {
  /** The next planes, of the ones given. `training` decides where statistics come from. */
  forward(input: readonly Plane[], training: boolean): readonly Plane[]
  /** Adds the parameters' gradient to `gradient`, an array like the network's parameters, and returns the slope for the input. */
  backward(slope: readonly Plane[], gradient: Float64Array): readonly Plane[]
}

/** Hands out parts of the network's array of parameters. */
export class Parameters {
  #used = 0
  readonly values: Float64Array<ArrayBuffer>

  constructor(count: number) {
    this.values = new Float64Array(count)
  }

  /** The offset of a new part, filled by `initial`. */
  take(count: number, initial: () => number): number {
    const at = this.#used
    this.#used += count
    for (let i = at; i < this.#used; i++) this.values[i] = initial()
    return at
  }
}
