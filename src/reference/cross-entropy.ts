import type { CriterionSpec, CrossEntropyTerm } from '../engine.ts'
import { likelihood } from './likelihood.ts'
import { LOGARITHM, share } from './log-loss.ts'
import type { PixelFormula } from './pixel-sum.ts'

/** `ℓ = Σ_c w_c·t'_c·(−log p_c)`, `t' = (1 − ε)·t + ε/C`. */
export function crossEntropyFormula(term: CrossEntropyTerm, { activation, classes: C }: CriterionSpec): PixelFormula {
  const { labelSmoothing, clip, meanOver, reduction } = term
  const weightOf = (c: number): number => term.classWeights?.[c] ?? 1
  const factor = (t: number, c: number): number => weightOf(c) * ((1 - labelSmoothing) * t + labelSmoothing / C)
  return {
    form: 'categorical',
    classes: Array.from({ length: C }, (_, c) => c),
    clip,
    meanOver,
    reduction,
    of: (pixel, c) => share(factor(pixel.g[c]!, c), LOGARITHM.of(likelihood(activation, pixel, c, clip))),
    byLogit: (pixel, c) => factor(pixel.g[c]!, c) * LOGARITHM.byLogit(likelihood(activation, pixel, c, clip)),
    weight: ({ g }, c) => weightOf(c) * g[c]!,
  }
}
