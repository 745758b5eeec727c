import type { BinaryCrossEntropyTerm, CriterionSpec } from '../engine.ts'
import { likelihood, unlikelihood } from './likelihood.ts'
import { LOGARITHM, share } from './log-loss.ts'
import type { PixelFormula } from './pixel-sum.ts'

/** `ℓ_c = w_c·(π_c·t'·(−log p) + (1 − t')·(−log(1 − p)))`, `t' = (1 − ε)·t + ε/2`. */
export function binaryCrossEntropyFormula(
  term: BinaryCrossEntropyTerm,
  { activation, classes: C }: CriterionSpec,
): PixelFormula {
  const { labelSmoothing, clip, meanOver, reduction } = term
  const weightOf = (c: number): number => term.classWeights?.[c] ?? 1
  const smooth = (t: number): number => (1 - labelSmoothing) * t + labelSmoothing / 2
  const positive = (t: number, c: number): number => weightOf(c) * (term.positiveWeights?.[c] ?? 1) * smooth(t)
  const negative = (t: number, c: number): number => weightOf(c) * smooth(1 - t)
  return {
    form: 'binary',
    classes: Array.from({ length: C }, (_, c) => c),
    clip,
    meanOver,
    reduction,
    of: (pixel, c) =>
      share(positive(pixel.g[c]!, c), LOGARITHM.of(likelihood(activation, pixel, c, clip))) +
      share(negative(pixel.g[c]!, c), LOGARITHM.of(unlikelihood(activation, pixel, c, clip))),
    byLogit: (pixel, c) =>
      positive(pixel.g[c]!, c) * LOGARITHM.byLogit(likelihood(activation, pixel, c, clip)) -
      negative(pixel.g[c]!, c) * LOGARITHM.byLogit(unlikelihood(activation, pixel, c, clip)),
    weight: (_pixel, c) => weightOf(c),
  }
}
