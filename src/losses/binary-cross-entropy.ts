import type { Loss, LossTerm } from '../loss.ts'
import { lossOf, perClass, perClassList, type CriterionOptions, type LabelOptions } from './common.ts'
import { ENTROPY_TABLE, parseEntropy, type EntropyOptions } from './cross-entropy.ts'
import { PIXEL_FACTOR } from './limits.ts'

/** The options of a binary cross-entropy. */
export interface BinaryCrossEntropyOptions extends EntropyOptions {
  /** π in [0, 1e12]: factor of the positive part, for all classes or one a class. Default 1. */
  readonly positiveWeights?: number | ArrayLike<number> | undefined
}

/**
 * Binary cross-entropy, per pixel and class
 *
 *     ℓ = −π_c · t' · log p − (1 − t') · log(1 − p),   t' = (1 − ε)·t + ε/2
 *
 * with t the target (labels: 1 in the label's class, 0 in the others) and p = σ(z), or, with activation `'none'`, the given
 * probability clipped to [clip, 1 − clip]. For one foreground class, and for classes or regions that overlap. The loss is
 * Σ m·w_c·ℓ / N, N by `meanOver`: Σ m·w_c over pixels and classes, the number of pixels that count times C, or of all times
 * C. `values` are the classes' parts; they add up to the loss.
 *
 * Its gradient for logits is ∂ℓ/∂z = (1 − t')·σ(z) − π_c·t'·(1 − σ(z)); for probabilities −π_c·t'/p + (1 − t')/(1 − p)
 * inside the clip, 0 outside.
 */
export interface BinaryCrossEntropyLossOptions
  extends CriterionOptions<'sigmoid' | 'none'>, LabelOptions, BinaryCrossEntropyOptions {}

/** Binary cross-entropy, alone and in compounds. */
export const BINARY_CROSS_ENTROPY: LossTerm<BinaryCrossEntropyOptions> = {
  name: 'binaryCrossEntropy',
  table: { ...ENTROPY_TABLE, positiveWeights: 'list' },
  activations: ['sigmoid', 'none'],
  instead: 'use crossEntropyLoss for classes that exclude each other',
  overlaps: true,
  parse: (options, whole) => {
    const classWeights = options.numbers('classWeights', PIXEL_FACTOR)
    const positive = options.numberOrNumbers('positiveWeights', PIXEL_FACTOR)
    const shared = parseEntropy(options, whole)
    return {
      reduction: shared.reduction,
      weighsPixels: true,
      clip: shared.clip,
      bind: (classes) => ({
        kind: 'binary-cross-entropy',
        classWeights: perClassList(options, 'classWeights', classWeights, classes),
        positiveWeights: positive === undefined ? undefined : perClass(options, 'positiveWeights', positive, classes),
        ...shared,
      }),
    }
  },
}

/** The definition behind `binaryCrossEntropyLoss` and `BinaryCrossEntropyLoss`. */
export const binaryCrossEntropy: Loss<BinaryCrossEntropyLossOptions> =
  lossOf<BinaryCrossEntropyLossOptions>(BINARY_CROSS_ENTROPY)
