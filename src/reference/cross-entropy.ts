import type { Activation, CrossEntropyTerm, MeanOver } from '../engine.ts'
import type { PixelReader } from './pixel.ts'
import type { PixelCounts } from './statistics.ts'
import { sum } from './sum.ts'

/** Sums per class, over all samples. */
export interface CrossEntropyStatistics {
  /** `Σ m·t·(−log p)` */
  readonly entropy: Float64Array
  /** `Σ m·(−log p)`: what label smoothing spreads over all classes */
  readonly uniform: Float64Array
  /** `Σ m·t` */
  readonly target: Float64Array
}

/** A loss that is a sum over pixels. */
export interface EntropyLoss {
  readonly loss: number
  /** Per class, adding up to the loss. */
  readonly values: Float64Array
  /** What one pixel's loss is multiplied by: 1/N. */
  readonly scale: number
}

/** `−log p_c`: from logits by log-sum-exp, from probabilities `−log clip(p, ε, 1 − ε)`. */
export function crossEntropyOf(activation: Activation, term: CrossEntropyTerm, pixel: PixelReader, c: number): number {
  if (activation === 'softmax') return -pixel.logP[c]!
  return -Math.log(clip(pixel.p[c]!, term.clip))
}

/** `a_c = w_c·t'_c`, `t' = (1 − ε)·t + ε/C`: the factor of `−log p_c` in a pixel's loss `ℓ = Σ_c a_c·(−log p_c)`. */
export function factorOf(term: CrossEntropyTerm, pixel: PixelReader, c: number): number {
  const { labelSmoothing } = term
  return (term.classWeights?.[c] ?? 1) * ((1 - labelSmoothing) * pixel.g[c]! + labelSmoothing / pixel.g.length)
}

/** The loss of one pixel, before its weight. */
export function pixelCrossEntropy(activation: Activation, term: CrossEntropyTerm, pixel: PixelReader): number {
  let loss = 0
  for (let c = 0; c < pixel.g.length; c++) loss += factorOf(term, pixel, c) * crossEntropyOf(activation, term, pixel, c)
  return loss
}

/** Statistics in; loss, values and the factor of a pixel's loss out. */
export function crossEntropyLoss(
  term: CrossEntropyTerm,
  statistics: CrossEntropyStatistics,
  pixels: PixelCounts,
): EntropyLoss {
  const { entropy, uniform, target } = statistics
  const weightOf = (c: number): number => term.classWeights?.[c] ?? 1
  const N = normalizer(term.meanOver, pixels, 1, () => sum(target.map((total, c) => weightOf(c) * total)))
  const scale = scaleOf(term.reduction, N)
  const { labelSmoothing } = term
  const values = entropy.map((total, c) => {
    const smoothed = (1 - labelSmoothing) * total + (labelSmoothing / entropy.length) * uniform[c]!
    return scale === 0 ? 0 : scale * weightOf(c) * smoothed
  })
  return { loss: sum(values), values, scale }
}

/**
 * Adds `m·scale·∂ℓ/∂z_c` to `slope[c]`: under softmax `∂ℓ/∂z_c = p_c·Σ_k a_k − a_c`; of probabilities `∂ℓ/∂p_c = −a_c/p_c`, and 0
 * outside the clip, where the loss does not change.
 */
export function addCrossEntropySlope(
  activation: Activation,
  term: CrossEntropyTerm,
  pixel: PixelReader,
  scale: number,
  slope: Float64Array,
): void {
  const { p, g, m } = pixel
  let A = 0
  for (let c = 0; c < g.length; c++) A += factorOf(term, pixel, c)
  for (let c = 0; c < g.length; c++) {
    const a = factorOf(term, pixel, c)
    if (activation === 'softmax') slope[c]! += m * scale * (p[c]! * A - a)
    else if (!isClipped(p[c]!, term.clip)) slope[c]! -= (m * scale * a) / p[c]!
  }
}

/** What the mean divides by. */
export function normalizer(meanOver: MeanOver, pixels: PixelCounts, perPixel: number, weights: () => number): number {
  if (meanOver === 'weights') return weights()
  return perPixel * (meanOver === 'valid-pixels' ? pixels.valid : pixels.all)
}

/** 1/N under 'mean'; a mean over nothing is 0. */
export function scaleOf(reduction: CrossEntropyTerm['reduction'], N: number): number {
  if (reduction !== 'mean') return 1
  return N === 0 ? 0 : 1 / N
}

/** `clip(p, ε, 1 − ε)`; NaN stays NaN. */
export function clip(p: number, epsilon: number): number {
  return Math.min(Math.max(p, epsilon), 1 - epsilon)
}

/** The clip holds p, so that the loss does not change with it. */
export function isClipped(p: number, epsilon: number): boolean {
  return p < epsilon || p > 1 - epsilon
}
