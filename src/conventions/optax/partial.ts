/** Softmax and cross-entropy of some of a pixel's classes, which no engine computes: optax's `where`, and logits of −∞. */
import type { EngineCriterion, EvaluateCall, Fault } from '../../engine.ts'

/**
 * With S the classes of a pixel that count and `p` their softmax,
 *
 *     ℓ = Σ_c t_c·(log Σ_{k∈S} e^{z_k} − z_c) + ε·Σ_{c∈S} t_c·(1 − p_c)
 *
 * of classes last, in float64 and one thread: one value a pixel, summed. Planes are summed over S, a label counts wherever it is. Where t = 0
 * nothing is added, so that a class of logit −∞ is one that is not there. A pixel without classes has loss 0.
 */
export function partialCrossEntropy(
  classes: number,
  counted: Float64Array | undefined,
  epsilon: number,
): EngineCriterion {
  return {
    evaluate(call) {
      const fault = call.perClass ? undefined : labelFault(call, classes)
      if (fault !== undefined) return fault
      const { prediction, gradient, values, accumulate, gradientScale } = call
      if (gradient !== undefined && !accumulate) gradient.fill(0)
      let loss = 0
      let nonFinite = 0
      const pixel: Pixel = {
        z: new Float64Array(classes),
        t: new Float64Array(classes),
        counts: new Uint8Array(classes),
      }
      const slopes = new Float64Array(classes)
      for (let v = 0; v < values.length; v += 1) {
        const m = call.pixelWeights?.[v] ?? 1
        if (m === 0) continue
        for (let c = 0; c < classes; c += 1) {
          const at = v * classes + c
          pixel.counts[c] = Number(counted === undefined || counted[at] !== 0)
          pixel.z[c] = prediction[at] as number
          pixel.t[c] = call.perClass ? pixel.counts[c]! * Number(call.target[at]) : Number(Number(call.target[v]) === c)
          if (pixel.counts[c] === 1 && !(pixel.z[c]! < Infinity)) nonFinite += 1
        }
        if (!pixel.counts.includes(1)) continue
        const value = m * evaluatePixel(pixel, epsilon, slopes)
        values[v] = value
        loss += value
        if (gradient === undefined) continue
        for (let c = 0; c < classes; c += 1) gradient[v * classes + c]! += gradientScale * m * slopes[c]!
      }
      call.terms[0] = loss
      return { loss, nonFinite }
    },
  }
}

interface Pixel {
  readonly z: Float64Array
  readonly t: Float64Array
  readonly counts: Uint8Array
}

/** The loss of a pixel; its slopes go into `slopes`. */
function evaluatePixel({ z, t, counts }: Pixel, epsilon: number, slopes: Float64Array): number {
  const largest = z.reduce((most, value, c) => (counts[c] === 1 ? Math.max(most, value) : most), -Infinity)
  const p = z.map((value, c) => (counts[c] === 1 ? Math.exp(value - largest) : 0))
  const total = p.reduce((sum, value) => sum + value, 0)
  const logTotal = largest + Math.log(total)
  let [loss, mass, expected] = [0, 0, 0]
  for (let c = 0; c < z.length; c += 1) {
    p[c]! /= total
    if (t[c] === 0) continue
    loss += t[c]! * (logTotal - z[c]!)
    if (epsilon !== 0) loss += epsilon * t[c]! * (1 - p[c]!)
    mass += t[c]!
    expected += t[c]! * p[c]!
  }
  for (let c = 0; c < z.length; c += 1) {
    slopes[c] = mass * p[c]! - t[c]! - epsilon * p[c]! * (t[c]! - expected)
  }
  return loss
}

/** The first label that is no class. */
function labelFault({ target, pixels, pixelWeights }: EvaluateCall, classes: number): Fault | undefined {
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const value = Number(target[pixel])
    if (pixelWeights?.[pixel] === 0 || (Number.isInteger(value) && value >= 0 && value < classes)) continue
    const fault = Number.isInteger(value) ? 'label-out-of-range' : 'label-not-integer'
    return { fault, value, sample: 0, class: 0, pixel }
  }
  return undefined
}
