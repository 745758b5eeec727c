import type { Activation, CrossEntropyTerm, MeanOver, Reduction } from '../engine.ts'
import { masklossError } from '../errors.ts'
import type { Loss, LossTerm, TermPlan, Whole } from '../loss.ts'
import { SHARE, type OptionKind, type OptionValues, type Range } from '../options.ts'
import { lossOf, perClassList, REDUCTIONS, type CriterionOptions } from './common.ts'
import { PIXEL_FACTOR } from './limits.ts'

/** What the cross-entropies have in common. */
export interface EntropyOptions {
  /** One weight w in [0, 1e12] a class, by class id, always of length C. Default: 1. */
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
   * Activation `'none'` only: ε in [1e-15, 0.5) of clip(p, ε, 1 − ε), which keeps the logarithm finite; the gradient is 0 where
   * it acts. In single precision, the native engine's, the upper bound is 1 − 2⁻²⁴ at most. Default 1e-7.
   */
  readonly clip?: number | undefined
}

/** The options of a cross-entropy over classes. */
export interface CrossEntropyOptions extends EntropyOptions {
  /**
   * Only so many per cent of all pixels count, rounded down, those of the largest loss (ties: the first); > 0, at most 100. The
   * mean is over them; ignored pixels have loss 0 and are counted. `meanOver` has no meaning beside it. Default: all pixels.
   */
  readonly topPercent?: number | undefined
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
 * outside. Label smoothing: Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016). `topPercent`:
 * Wu, Shen, van den Hengel, "Bridging category-level and instance-level semantic image segmentation" (2016), as nnU-Net has it.
 */
export interface CrossEntropyLossOptions extends CriterionOptions<'softmax' | 'none'>, CrossEntropyOptions {}

/** The table of `EntropyOptions`. */
export const ENTROPY_TABLE: Readonly<Record<keyof EntropyOptions, OptionKind>> = {
  classWeights: 'list',
  labelSmoothing: 'value',
  meanOver: 'value',
  reduction: 'value',
  clip: 'value',
}

const MEANS_OVER: readonly MeanOver[] = ['weights', 'valid-pixels', 'pixels']
const PERCENT: Range = { min: 0, above: true, max: 100 }
/** Double precision tells 1 − ε from 1. */
const CLIP: Range = { min: 1e-15, max: 0.5, below: true }
const DEFAULT_CLIP = 1e-7

/** The activations of a categorical cross-entropy, and where the third belongs. */
export const CATEGORICAL: readonly Activation[] = ['softmax', 'none']
const USE_BINARY = 'use binaryCrossEntropyLoss for independent classes'

/** Reads what the cross-entropies have in common. */
export function parseEntropy(
  options: OptionValues,
  { activation }: Whole,
  defaultMean: MeanOver = 'weights',
): Pick<CrossEntropyTerm, 'labelSmoothing' | 'meanOver' | 'reduction' | 'clip'> {
  const labelSmoothing = options.number('labelSmoothing', SHARE) ?? 0
  const meanOver = options.oneOf('meanOver', MEANS_OVER) ?? defaultMean
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  const clip = options.number('clip', CLIP)
  if (activation === 'none') return { labelSmoothing, meanOver, reduction, clip: clip ?? DEFAULT_CLIP }
  if (clip !== undefined) {
    const actual = `activation '${activation}', which needs no clip`
    throw options.conflict('clip', "activation 'none'", actual, 'leave clip out')
  }
  return { labelSmoothing, meanOver, reduction, clip: 0 }
}

/** Cross-entropy, alone and in compounds. */
export const CROSS_ENTROPY: LossTerm<CrossEntropyOptions> = {
  name: 'crossEntropy',
  table: { ...ENTROPY_TABLE, topPercent: 'value' },
  activations: CATEGORICAL,
  instead: USE_BINARY,
  overlaps: false,
  parse: (options, whole) => parseCrossEntropy(options, whole, parseTopPercent(options)),
}

/** Reads the options of a cross-entropy. */
export function parseCrossEntropy(options: OptionValues, whole: Whole, topPercent: number | undefined): TermPlan {
  const classWeights = options.numbers('classWeights', PIXEL_FACTOR)
  const shared = parseEntropy(options, whole)
  return {
    reduction: shared.reduction,
    weighsPixels: true,
    clip: shared.clip,
    bind(classes) {
      refuseOneClass(classes, 'use binaryCrossEntropyLoss')
      const weights = perClassList(options, 'classWeights', classWeights, classes)
      return { kind: 'cross-entropy', classWeights: weights, topPercent, ...shared }
    },
  }
}

/** Reads `topPercent`, and refuses what it leaves without meaning. */
export function parseTopPercent(options: OptionValues, fallback?: number): number | undefined {
  const topPercent = options.number('topPercent', PERCENT) ?? fallback
  if (topPercent === undefined) return undefined
  if (options.has('meanOver')) {
    const actual = 'topPercent as well, whose mean is over the chosen pixels'
    throw options.conflict('meanOver', 'the mean of all pixels', actual, 'leave meanOver out')
  }
  if (options.raw('reduction') === 'none') {
    throw options.conflict('reduction', "'mean' or 'sum' beside topPercent", "'none'", 'only some pixels have a value')
  }
  return topPercent
}

/** Refuses a single class where classes exclude each other. */
export function refuseOneClass(classes: number, remedy: string): void {
  if (classes > 1) return
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'prediction',
    expected: 'two or more classes',
    actual: 'one class, the foreground',
    remedy,
  })
}

/** The definition behind `crossEntropyLoss` and `CrossEntropyLoss`. */
export const crossEntropy: Loss<CrossEntropyLossOptions> = lossOf<CrossEntropyLossOptions>(CROSS_ENTROPY)
