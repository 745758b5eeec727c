import type { Loss, LossTerm } from '../loss.ts'
import type { OptionKind } from '../options.ts'
import { ANY_ACTIVATION, lossOf } from './common.ts'
import { POLY_EPSILON } from './limits.ts'
import { parsePixel, PIXEL_TABLE, type PixelLossOptions, type PixelOptions } from './pixel.ts'

/** The options of a poly loss. */
export interface PolyOptions extends PixelOptions {
  /** ε in [−1, 1e6], for all classes or one a class by class id. 0 is cross-entropy. Default 2, the paper's for image classification. */
  readonly epsilon?: number | ArrayLike<number> | undefined
}

/**
 * Poly loss (Poly-1): cross-entropy whose first polynomial term has another coefficient. With φ(p) = −log p + ε·(1 − p), per pixel
 *
 *     ℓ = Σ_c w_c·t'_c·φ(p_c)                                 classes that exclude each other (softmax)
 *     ℓ_c = w_c·(t'_c·φ(p_c) + (1 − t'_c)·φ(1 − p_c))         independent classes (sigmoid)
 *
 * with t' the target after label smoothing. The loss is Σ m·ℓ / N, N by `meanOver`; `values` are the classes' parts.
 *
 * Source: Leng et al., "PolyLoss: a polynomial expansion perspective of classification loss functions" (2022).
 */
export interface PolyLossOptions extends PixelLossOptions, PolyOptions {}

const TABLE: Readonly<Record<keyof PolyOptions, OptionKind>> = { ...PIXEL_TABLE, epsilon: 'list' }
const DEFAULT_EPSILON = 2

const POLY: LossTerm<PolyOptions> = {
  name: 'poly',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) =>
    parsePixel(options, whole, {
      function: 'poly',
      gamma: options.numberOrNumbers('epsilon', POLY_EPSILON) ?? DEFAULT_EPSILON,
      gammaName: 'epsilon',
    }),
}

/** The definition behind `polyLoss` and `PolyLoss`. */
export const poly: Loss<PolyLossOptions> = lossOf<PolyLossOptions>(POLY)
