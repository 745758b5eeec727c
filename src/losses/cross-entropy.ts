import type { Activation, CrossEntropyTerm, MeanOver, Reduction } from '../engine.ts'
import { masklossError } from '../errors.ts'
import type { Loss, Part } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind, type OptionValues, type Range } from '../options.ts'
import { CRITERION_TABLE, parseCriterion, perClassList, REDUCTIONS, type CriterionOptions } from './common.ts'

/** What the cross-entropies have in common. */
export interface EntropyOptions {
  /** One weight w ≥ 0 a class, by class id, always of length C. Default: 1. */
  readonly classWeights?: ArrayLike<number> | undefined
  /** ε in [0, 1]: the share of the target that is spread evenly. Default 0. */
  readonly labelSmoothing?: number | undefined
  /**
   * What the mean divides by: `'weights'` the sum of the pixel and class weights that entered; `'valid-pixels'` the number
   * of pixels that count; `'pixels'` the number of all. Default `'weights'`. Where that is 0, the loss is 0.
   */
  readonly meanOver?: MeanOver | undefined
  /** `'mean'`, see `meanOver`; `'sum'` over the pixels; `'none'`: one value a pixel, loss and gradient are those of the sum. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
  /**
   * Activation `'none'` only: ε in (0, 0.5) of clip(p, ε, 1 − ε), which keeps the logarithm finite; the gradient is 0 where
   * it acts. Default 1e-7.
   */
  readonly clip?: number | undefined
}

/**
 * Cross-entropy over classes, per pixel
 *
 *     ℓ_v = −Σ_c w_c · t'_c · log p_c,   t' = (1 − ε)·t + ε/C
 *
 * with t the target (labels: 1 at the label's class) and p = softmax(z), or, with activation `'none'`, the given
 * probabilities clipped to [clip, 1 − clip]; they are not normalized. The loss is Σ m·ℓ / N, N by `meanOver`: Σ m·Σ_c w_c·t_c
 * (PyTorch's weighted mean), the number of pixels that count, or of all. `values` are the classes' parts; they add up to the
 * loss.
 *
 * CCE of the founding articles is `activation: 'none'` with the default clip 1e-7.
 *
 * Its gradient for logits is ∂ℓ_v/∂z_c = p_c·Σ_k a_k − a_c, a_c = w_c·t'_c; for probabilities −a_c/p_c inside the clip, 0
 * outside. Label smoothing: Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016).
 */
export interface CrossEntropyLossOptions extends CriterionOptions<'softmax' | 'none'>, EntropyOptions {}

/** The table of `EntropyOptions`. */
export const ENTROPY_TABLE: Readonly<Record<keyof EntropyOptions, OptionKind>> = {
  classWeights: 'list',
  labelSmoothing: 'value',
  meanOver: 'value',
  reduction: 'value',
  clip: 'value',
}

const MEANS_OVER: readonly MeanOver[] = ['weights', 'valid-pixels', 'pixels']
const SHARE: Range = { min: 0, max: 1 }
const CLIP: Range = { min: 0, above: true, max: 0.5, below: true }
const DEFAULT_CLIP = 1e-7

/** The activations of a categorical cross-entropy, and where the third belongs. */
export const CATEGORICAL: readonly Activation[] = ['softmax', 'none']
export const USE_BINARY = 'use binaryCrossEntropyLoss for independent classes'

/** Reads what the cross-entropies have in common. */
export function parseEntropy(
  options: OptionValues,
  activation: unknown,
): Omit<CrossEntropyTerm, 'kind' | 'weight' | 'classWeights' | 'topPercent'> {
  const labelSmoothing = options.number('labelSmoothing', SHARE) ?? 0
  const meanOver = options.oneOf('meanOver', MEANS_OVER) ?? 'weights'
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  const clip = options.number('clip', CLIP)
  if (activation === 'none') return { labelSmoothing, meanOver, reduction, clip: clip ?? DEFAULT_CLIP }
  if (clip !== undefined && (activation === 'softmax' || activation === 'sigmoid')) {
    const actual = `activation '${activation}', which needs no clip`
    throw options.conflict('clip', "activation 'none'", actual, 'leave clip out')
  }
  return { labelSmoothing, meanOver, reduction, clip: 0 }
}

/** Reads the options of a cross-entropy term. */
export function parseCrossEntropy(options: OptionValues, activation: unknown, weight: number): Part {
  const classWeights = options.numbers('classWeights', NON_NEGATIVE)
  const shared = parseEntropy(options, activation)
  return {
    name: 'crossEntropy',
    bind(classes): CrossEntropyTerm {
      if (classes === 1) {
        throw masklossError({
          code: 'ERR_MASKLOSS_OPTION_CONFLICT',
          argument: 'prediction',
          expected: 'two or more classes',
          actual: 'one class, the foreground',
          remedy: 'use binaryCrossEntropyLoss',
        })
      }
      const weights = perClassList(options, 'classWeights', classWeights, classes)
      return { kind: 'cross-entropy', weight, classWeights: weights, topPercent: undefined, ...shared }
    },
  }
}

/** The definition behind `crossEntropyLoss` and `CrossEntropyLoss`. */
export const crossEntropy: Loss<CrossEntropyLossOptions> = {
  name: 'crossEntropyLoss',
  table: { ...CRITERION_TABLE, ...ENTROPY_TABLE },
  parse: (options) => {
    const part = parseCrossEntropy(options, options.raw('activation'), 1)
    return parseCriterion(options, CATEGORICAL, USE_BINARY, [part])
  },
}
