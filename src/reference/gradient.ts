import type { CriterionSpec, EvaluateCall, FloatArray, Term } from '../engine.ts'
import { softmaxMean } from './activation.ts'
import { addBinaryCrossEntropySlope } from './binary-cross-entropy.ts'
import { addCrossEntropySlope } from './cross-entropy.ts'
import { PixelReader } from './pixel.ts'
import type { Slopes } from './region.ts'

/** What the losses say about the gradient, once the statistics are known. */
export interface Coefficients {
  /** The region terms together, weighted. */
  readonly slopes: Slopes
  /** Per term: what the slope of a pixel's cross-entropy is multiplied by; 0 for a region term. */
  readonly scales: readonly number[]
}

/**
 * The second pass: `gradient = (accumulate ? gradient : 0) + gradientScale · ∂loss/∂prediction`. Region terms give `d = ∂L/∂p`, which goes
 * through the activation: softmax `p_c·(d_c − Σ_k p_k d_k)`, sigmoid `p·(1 − p)·d`, none `d`. Cross-entropies give the slope by the
 * prediction at once, since there the derivative of the activation cancels.
 */
export function writeGradient(
  spec: CriterionSpec,
  call: EvaluateCall,
  gradient: FloatArray,
  coefficients: Coefficients,
): void {
  const reader = new PixelReader(spec, call)
  const slope = new Float64Array(spec.classes)
  const d = new Float64Array(spec.classes)
  const usesRegion = spec.terms.some((term) => term.kind === 'region')
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      slope.fill(0)
      const counts = reader.counts(sample, pixel)
      if (counts) {
        reader.read(sample, pixel)
        if (usesRegion) addRegionSlope(spec, reader, coefficients.slopes, sample, d, slope)
        spec.terms.forEach((term, i) => addEntropySlope(spec, term, reader, coefficients.scales[i]!, slope))
      }
      const offset = reader.offset(sample, pixel)
      for (let c = 0; c < spec.classes; c++) {
        const index = offset + c * reader.strides.class
        const before = call.accumulate ? gradient[index]! : 0
        gradient[index] = counts ? before + call.gradientScale * slope[c]! : before
      }
    }
  }
}

/** Fills `d` with `∂L/∂p` of the region terms and adds what goes through the activation to `slope`. */
function addRegionSlope(
  spec: CriterionSpec,
  { p, g, m }: PixelReader,
  { A, B, C, S }: Slopes,
  sample: number,
  d: Float64Array,
  slope: Float64Array,
): void {
  for (let c = 0; c < d.length; c++) {
    const cell = sample * spec.classes + c
    d[c] = m * (A[cell]! * g[c]! + B[cell]! + C[cell]! * p[c]! + S[cell]! * Math.sign(p[c]! - g[c]!))
  }
  const mean = spec.activation === 'softmax' ? softmaxMean(p, d) : 0
  for (let c = 0; c < d.length; c++) {
    if (spec.activation === 'softmax') slope[c]! += p[c]! * (d[c]! - mean)
    else if (spec.activation === 'sigmoid') slope[c]! += p[c]! * (1 - p[c]!) * d[c]!
    else slope[c]! += d[c]!
  }
}

function addEntropySlope(
  spec: CriterionSpec,
  term: Term,
  reader: PixelReader,
  scale: number,
  slope: Float64Array,
): void {
  if (term.kind === 'cross-entropy') addCrossEntropySlope(spec.activation, term, reader, scale, slope)
  else if (term.kind === 'binary-cross-entropy') addBinaryCrossEntropySlope(spec.activation, term, reader, scale, slope)
}
