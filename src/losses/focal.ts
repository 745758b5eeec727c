import type { PixelTerm } from '../engine.ts'
import type { Loss, LossTerm, Whole } from '../loss.ts'
import { SHARE, type OptionKind, type OptionValues, type Range } from '../options.ts'
import { ANY_ACTIVATION, lossOf, perClassList, REDUCTIONS } from './common.ts'
import { FOCAL_GAMMA, LEAST_THRESHOLD, PIXEL_FACTOR, reducedFactor } from './limits.ts'
import {
  parseIndependent,
  parsePixel,
  PIXEL_TABLE,
  type PixelFormula,
  type PixelLossOptions,
  type PixelOptions,
} from './pixel.ts'

/** The options of a focal loss. Its mean is over `'valid-pixels'` by default, so that α does not cancel. */
export interface FocalOptions extends PixelOptions {
  /** γ in [0, 1000], for all classes or one a class by class id. 0 is cross-entropy. Default 2. */
  readonly gamma?: number | ArrayLike<number> | undefined
  /**
   * α in [0, 1]: the weight of the foreground, whose counterpart weighs 1 − α. One number: for independent classes α weighs the
   * pixels of a class and 1 − α the others; for classes that exclude each other α weighs every class but class 0, which weighs
   * 1 − α. A list, always of length C: a_c weighs the pixels of class c, and 1 − a_c the others where classes are independent.
   * Other factors are `classWeights`. Default: all 1.
   */
  readonly alpha?: number | ArrayLike<number> | undefined
  /**
   * Reduced focal loss: a threshold θ in [1e-6, 1). (1 − p)^γ becomes 1 below p = θ, and ((1 − p)/θ)^γ from there on, which may
   * be 1e12 at most; θ = ½ joins the two. Default: none.
   */
  readonly reducedThreshold?: number | undefined
  /** Divide by Σ m·(1 − p)^γ, at least 1e-6, in place of a number of pixels. Default `false`. */
  readonly normalized?: boolean | undefined
  /**
   * What a soft target t of independent classes means: `'linear'` the formula, with t and 1 − t as factors; `'mixed'`
   * (1 − q)^γ·BCE(p, t) with q = p·t + (1 − p)·(1 − t), as Keras; `'signed'` the same with q = σ(z·(2t − 1)) of logits, as MONAI. For t of 0
   * and 1 all are the same. Default `'linear'`.
   */
  readonly softTarget?: PixelTerm['softTarget'] | undefined
}

/**
 * Focal loss: cross-entropy in which a pixel weighs less the better it is predicted. With φ(p) = −(1 − p)^γ·log p, per pixel
 *
 *     ℓ = Σ_c a_c·t'_c·φ(p_c)                                 classes that exclude each other (softmax)
 *     ℓ_c = α·t'_c·φ(p_c) + (1 − α)·(1 − t'_c)·φ(1 − p_c)     independent classes (sigmoid)
 *
 * with t' the target after label smoothing. The loss is Σ m·ℓ / N, N by `meanOver` (default `'valid-pixels'`: the pixels that
 * count, times the classes where they are independent). `values` are the classes' parts. γ = 0 is exact, also at p = 1.
 *
 * Its gradient for a logit of an independent class, with s = 2t − 1 and π = σ(s·z), is
 * a·s·(1 − π)^γ·(γ·π·log π − (1 − π)); for softmax h_c − p_c·Σ_k h_k, h_c = a_c·t_c·(γ·(1 − p_c)^(γ−1)·p_c·log p_c − (1 − p_c)^γ).
 *
 * Sources: Lin et al., "Focal loss for dense object detection" (2017); `reducedThreshold`: Sergievskiy, Ponamarev, "Reduced
 * focal loss: 1st place solution to xView object detection in satellite imagery" (2019); `normalized`:
 * segmentation_models.pytorch.
 */
export interface FocalLossOptions extends PixelLossOptions, FocalOptions {}

const TABLE: Readonly<Record<keyof FocalOptions, OptionKind>> = {
  ...PIXEL_TABLE,
  gamma: 'list',
  alpha: 'list',
  reducedThreshold: 'value',
  normalized: 'value',
  softTarget: 'value',
}

const THRESHOLD: Range = { min: LEAST_THRESHOLD, max: 1, below: true }
const SOFT_TARGETS: readonly PixelTerm['softTarget'][] = ['linear', 'mixed', 'signed']
const DEFAULT_GAMMA = 2

/** Focal loss, alone and in compounds. */
export const FOCAL: LossTerm<FocalOptions> = {
  name: 'focal',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) => {
    const gamma = options.numberOrNumbers('gamma', FOCAL_GAMMA) ?? DEFAULT_GAMMA
    return parsePixel(options, whole, {
      function: 'focal',
      gamma,
      gammaName: 'gamma',
      weights: parseAlpha(options),
      softTarget: parseSoftTarget(options, whole),
      reducedThreshold: parseThreshold(options, gamma),
      normalized: parseNormalized(options),
      meanOver: 'valid-pixels',
    })
  },
}

/** The definition behind `focalLoss` and `FocalLoss`. */
export const focal: Loss<FocalLossOptions> = lossOf<FocalLossOptions>(FOCAL)

function parseAlpha(options: OptionValues): PixelFormula['weights'] {
  const alpha = options.numberOrNumbers('alpha', SHARE)
  if (alpha === undefined) return undefined
  return (classes, independent) => {
    const positive =
      typeof alpha === 'number'
        ? Array.from({ length: classes }, (_, c) => (c === 0 && !independent ? 1 - alpha : alpha))
        : (perClassList(options, 'alpha', alpha, classes) as readonly number[])
    return { positive, negative: positive.map((share) => 1 - share) }
  }
}

/** Reads θ. */
function parseThreshold(options: OptionValues, gamma: number | readonly number[]): number | undefined {
  const threshold = options.number('reducedThreshold', THRESHOLD)
  if (threshold === undefined) return undefined
  const gammas = typeof gamma === 'number' ? [gamma] : gamma
  if (reducedFactor(threshold, gammas) <= PIXEL_FACTOR.max) return threshold
  const expected = `a θ with ((1 − θ)/θ)^${Math.max(...gammas)} ≤ ${PIXEL_FACTOR.max}`
  throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'reducedThreshold', expected, 'pass a θ nearer to 0.5')
}

function parseSoftTarget(options: OptionValues, whole: Whole): PixelTerm['softTarget'] | undefined {
  const softTarget = options.oneOf('softTarget', SOFT_TARGETS)
  if (softTarget === 'signed' && whole.activation !== 'sigmoid') {
    const actual = `activation '${whole.activation}'`
    throw options.conflict(
      'softTarget',
      "activation 'sigmoid' beside 'signed'",
      actual,
      'it is a function of the logit',
    )
  }
  if (softTarget === undefined || parseIndependent(options, whole) === true) return softTarget
  const remedy = "pass activation: 'sigmoid', or 'none' with independent: true"
  throw options.conflict('softTarget', 'independent classes', 'classes that exclude each other', remedy)
}

function parseNormalized(options: OptionValues): boolean | undefined {
  const normalized = options.boolean('normalized')
  if (normalized !== true) return normalized
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  if (reduction !== 'mean') {
    throw options.conflict('reduction', "'mean' beside normalized", `'${reduction}'`, 'leave reduction out')
  }
  if (options.has('meanOver')) {
    const remedy = 'leave meanOver out'
    throw options.conflict('meanOver', 'a mean over pixels', 'normalized, which divides by Σ (1 − p)^γ', remedy)
  }
  return normalized
}
