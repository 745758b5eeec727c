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
  /** `1 − p` */
  readonly q: Float64Array
  /** `log p`, under softmax only. */
  readonly logP: Float64Array
  /** The target: 0, 1 or in between. */
  readonly g: Float64Array
  /** `m`, the weight of the pixel. */
  m = 1
  /** The sample, and the pixel in its plane. */
  sample = 0
  pixel = 0
  /** How many values of the prediction were not finite, over all pixels read. */
  nonFinite = 0

  readonly #strides: Strides
  readonly #spec: CriterionSpec
  readonly #call: EvaluateCall
  readonly #target: TargetReader

  constructor(spec: CriterionSpec, call: EvaluateCall) {
    this.z = new Float64Array(spec.classes)
    this.p = new Float64Array(spec.classes)
    this.q = new Float64Array(spec.classes)
    this.logP = new Float64Array(spec.classes)
    this.g = new Float64Array(spec.classes)
    this.#strides = stridesOf(spec.classes, call.pixels, call.channelsLast)
    this.#spec = spec
    this.#call = call
    this.#target = targetReader(spec, call)
  }

  /** Goes to a pixel and says whether it counts: it has a weight and is not ignored. Its weight is then in `m`, and nothing else was read. */
  seek(sample: number, pixel: number): boolean {
    this.sample = sample
    this.pixel = pixel
    const weights = this.#call.pixelWeights
    this.m = weights === undefined ? 1 : weights[sample * this.#call.pixels + pixel]!
    return this.m !== 0 && !this.#target.ignored(sample, pixel)
  }

  /** Where class c of the pixel lies in the prediction. */
  indexOf(c: number): number {
    const { sample, pixel } = this
    const strides = this.#strides
    return sample * strides.sample + pixel * strides.pixel + c * strides.class
  }

  /** Reads the pixel, which counts, into `z`, `p`, `q`, `logP` and `g`. */
  read(): void {
    const { z, p, q } = this
    const { prediction } = this.#call
    for (let c = 0; c < z.length; c++) {
      const value = prediction[this.indexOf(c)]!
      if (Number.isFinite(value)) {
        z[c] = value
      } else {
        z[c] = NaN
        this.nonFinite++
      }
    }
    const { activation } = this.#spec
    if (activation === 'softmax') {
      softmax(z, this, this.logP)
    } else {
      for (let c = 0; c < z.length; c++) {
        p[c] = activation === 'sigmoid' ? sigmoid(z[c]!) : z[c]!
        q[c] = activation === 'sigmoid' ? sigmoid(-z[c]!) : 1 - z[c]!
      }
    }
    this.#target.read(this.sample, this.pixel, this.g)
  }
}
