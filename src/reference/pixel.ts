import type { CriterionSpec, EvaluateCall } from '../engine.ts'
import { sigmoid, softmax } from './activation.ts'
import { type Strides, stridesOf, type TargetReader, targetReader } from './target.ts'

/**
 * One pixel at a time, all its classes: what the prediction says and what the target says. Both passes read through it, and
 * neither stores probabilities: the second pass computes them again.
 */
export class PixelReader {
  /** The prediction as given; NaN where it is not finite. */
  readonly z: Float64Array
  /** Probabilities: softmax or sigmoid of `z`, or `z` itself. */
  readonly p: Float64Array
  /** `log p`, under softmax only. */
  readonly logP: Float64Array
  /** The target: 0, 1 or in between. */
  readonly g: Float64Array
  /** `m`, the weight of the pixel. */
  m = 1
  /** How many values of the prediction were not finite, over all pixels read. */
  nonFinite = 0

  readonly strides: Strides
  readonly #spec: CriterionSpec
  readonly #call: EvaluateCall
  readonly #target: TargetReader

  constructor(spec: CriterionSpec, call: EvaluateCall) {
    this.z = new Float64Array(spec.classes)
    this.p = new Float64Array(spec.classes)
    this.logP = new Float64Array(spec.classes)
    this.g = new Float64Array(spec.classes)
    this.strides = stridesOf(spec.classes, call.pixels, call.channelsLast)
    this.#spec = spec
    this.#call = call
    this.#target = targetReader(spec, call)
  }

  /** The pixel counts: it has a weight and is not ignored. Its weight is then in `m`, and nothing else was read. */
  counts(sample: number, pixel: number): boolean {
    const weights = this.#call.pixelWeights
    this.m = weights === undefined ? 1 : weights[sample * this.#call.pixels + pixel]!
    return this.m !== 0 && !this.#target.ignored(sample, pixel)
  }

  /** Where class 0 of the pixel lies in the prediction; class c is `c · strides.class` further. */
  offset(sample: number, pixel: number): number {
    return sample * this.strides.sample + pixel * this.strides.pixel
  }

  /** Reads a pixel that counts into `z`, `p`, `logP` and `g`. */
  read(sample: number, pixel: number): void {
    const { z, p } = this
    const offset = this.offset(sample, pixel)
    for (let c = 0; c < z.length; c++) {
      const value = this.#call.prediction[offset + c * this.strides.class]!
      if (Number.isFinite(value)) {
        z[c] = value
      } else {
        z[c] = NaN
        this.nonFinite++
      }
    }
    if (this.#spec.activation === 'softmax') softmax(z, p, this.logP)
    else if (this.#spec.activation === 'sigmoid') for (let c = 0; c < z.length; c++) p[c] = sigmoid(z[c]!)
    else p.set(z)
    this.#target.read(sample, pixel, this.g)
  }
}
