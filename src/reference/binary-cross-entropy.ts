import type { Activation, BinaryCrossEntropyTerm } from '../engine.ts'
import { softplus } from './activation.ts'
import { clip, type EntropyLoss, isClipped, normalizer, scaleOf } from './cross-entropy.ts'
import type { PixelReader } from './pixel.ts'
import type { PixelCounts } from './statistics.ts'
import { sum } from './sum.ts'

/** Sums per class, over all samples. */
export interface BinaryCrossEntropyStatistics {
  /** `Σ m·t·(−log p)` */
  readonly positive: Float64Array
  /** `Σ m·(−log p)` */
  readonly positiveAll: Float64Array
  /** `Σ m·(1 − t)·(−log(1 − p))`, summed as it is: a difference of two sums would lose a small one */
  readonly negative: Float64Array
  /** `Σ m·(−log(1 − p))` */
  readonly negativeAll: Float64Array
  /** `Σ m` */
  readonly weight: Float64Array
}

/** `−log p` and `−log(1 − p)`: from logits `softplus(−z)` and `softplus(z)`, from probabilities with the clip. */
export function binaryCrossEntropyOf(
  activation: Activation,
  term: BinaryCrossEntropyTerm,
  pixel: PixelReader,
  c: number,
): [positive: number, negative: number] {
  if (activation === 'sigmoid') return [softplus(-pixel.z[c]!), softplus(pixel.z[c]!)]
  const q = clip(pixel.p[c]!, term.clip)
  return [-Math.log(q), -Math.log1p(-q)]
}

/** `[w·π·t', w·(1 − t')]`, `t' = (1 − ε)·t + ε/2`: the factors of `−log p` and of `−log(1 − p)`. */
export function binaryFactorsOf(
  term: BinaryCrossEntropyTerm,
  pixel: PixelReader,
  c: number,
): [positive: number, negative: number] {
  const w = term.classWeights?.[c] ?? 1
  const { labelSmoothing } = term
  const t = pixel.g[c]!
  const positive = (1 - labelSmoothing) * t + labelSmoothing / 2
  const negative = (1 - labelSmoothing) * (1 - t) + labelSmoothing / 2
  return [w * (term.positiveWeights?.[c] ?? 1) * positive, w * negative]
}

/** The loss of one element, before the weight of its pixel. */
export function elementBinaryCrossEntropy(
  activation: Activation,
  term: BinaryCrossEntropyTerm,
  pixel: PixelReader,
  c: number,
): number {
  const [e, f] = binaryCrossEntropyOf(activation, term, pixel, c)
  const [positive, negative] = binaryFactorsOf(term, pixel, c)
  return positive * e + negative * f
}

/** Statistics in; loss, values and the factor of an element's loss out. */
export function binaryCrossEntropyLoss(
  term: BinaryCrossEntropyTerm,
  statistics: BinaryCrossEntropyStatistics,
  pixels: PixelCounts,
): EntropyLoss {
  const { positive, positiveAll, negative, negativeAll, weight } = statistics
  const weightOf = (c: number): number => term.classWeights?.[c] ?? 1
  const weights = (): number => sum(weight.map((total, c) => weightOf(c) * total))
  const scale = scaleOf(term.reduction, normalizer(term.meanOver, pixels, positive.length, weights))
  const { labelSmoothing } = term
  const smoothed = (own: number, all: number): number => (1 - labelSmoothing) * own + (labelSmoothing / 2) * all
  const values = positive.map((own, c) => {
    const foreground = (term.positiveWeights?.[c] ?? 1) * smoothed(own, positiveAll[c]!)
    const background = smoothed(negative[c]!, negativeAll[c]!)
    return scale === 0 ? 0 : scale * weightOf(c) * (foreground + background)
  })
  return { loss: sum(values), values, scale }
}

/**
 * Adds `m·scale·∂ℓ/∂z_c` to `slope[c]`: under sigmoid `(1 − t')·p − π·t'·(1 − p)`; of probabilities `(1 − t')/(1 − p) − π·t'/p`, and 0
 * outside the clip.
 */
export function addBinaryCrossEntropySlope(
  activation: Activation,
  term: BinaryCrossEntropyTerm,
  pixel: PixelReader,
  scale: number,
  slope: Float64Array,
): void {
  const { p, m } = pixel
  for (let c = 0; c < p.length; c++) {
    const [positive, negative] = binaryFactorsOf(term, pixel, c)
    const pc = p[c]!
    if (activation === 'sigmoid') slope[c]! += m * scale * (negative * pc - positive * (1 - pc))
    else if (!isClipped(pc, term.clip)) slope[c]! += m * scale * (negative / (1 - pc) - positive / pc)
  }
}
