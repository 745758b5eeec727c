import type { Loss, LossTerm } from '../loss.ts'
import type { OptionKind } from '../options.ts'
import { ANY_ACTIVATION, lossOf } from './common.ts'
import { GENERALIZED_Q } from './limits.ts'
import { parsePixel, PIXEL_TABLE, type PixelLossOptions, type PixelOptions } from './pixel.ts'

/** The options of a generalized cross-entropy. */
export interface GeneralizedCrossEntropyOptions extends PixelOptions {
  /** q in [1e-6, 1]: toward 0 it is cross-entropy, 1 is the mean absolute error. Default 0.7, the paper's. */
  readonly q?: number | undefined
}

/**
 * Generalized cross-entropy, which wrong labels disturb less. With φ(p) = (1 − p^q)/q, per pixel
 *
 *     ℓ = Σ_c w_c·t'_c·φ(p_c)                                 classes that exclude each other (softmax)
 *     ℓ_c = w_c·(t'_c·φ(p_c) + (1 − t'_c)·φ(1 − p_c))         independent classes (sigmoid)
 *
 * with t' the target after label smoothing. The loss is Σ m·ℓ / N, N by `meanOver`; `values` are the classes' parts.
 *
 * Source: Zhang, Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels" (2018).
 */
export interface GeneralizedCrossEntropyLossOptions extends PixelLossOptions, GeneralizedCrossEntropyOptions {}

const TABLE: Readonly<Record<keyof GeneralizedCrossEntropyOptions, OptionKind>> = { ...PIXEL_TABLE, q: 'value' }
const DEFAULT_Q = 0.7

const GENERALIZED_CROSS_ENTROPY: LossTerm<GeneralizedCrossEntropyOptions> = {
  name: 'generalizedCrossEntropy',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) =>
    parsePixel(options, whole, {
      function: 'generalized',
      gamma: options.number('q', GENERALIZED_Q) ?? DEFAULT_Q,
      gammaName: 'q',
    }),
}

/** The definition behind `generalizedCrossEntropyLoss` and `GeneralizedCrossEntropyLoss`. */
export const generalizedCrossEntropy: Loss<GeneralizedCrossEntropyLossOptions> =
  lossOf<GeneralizedCrossEntropyLossOptions>(GENERALIZED_CROSS_ENTROPY)
