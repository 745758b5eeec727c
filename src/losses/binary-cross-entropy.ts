import type { BinaryCrossEntropyTerm } from '../engine.ts'
import type { Loss, Part } from '../loss.ts'
import { NON_NEGATIVE, type OptionValues } from '../options.ts'
import {
  CRITERION_TABLE,
  LABEL_TABLE,
  parseCriterion,
  perClassList,
  type CriterionOptions,
  type LabelOptions,
} from './common.ts'
import { ENTROPY_TABLE, parseEntropy, type EntropyOptions } from './cross-entropy.ts'

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
  extends CriterionOptions<'sigmoid' | 'none'>, LabelOptions, EntropyOptions {
  /** π ≥ 0: factor of the positive part, for all classes or one a class. Default 1. */
  readonly positiveWeights?: number | ArrayLike<number> | undefined
}

/** The definition behind `binaryCrossEntropyLoss` and `BinaryCrossEntropyLoss`. */
export const binaryCrossEntropy: Loss<BinaryCrossEntropyLossOptions> = {
  name: 'binaryCrossEntropyLoss',
  table: { ...CRITERION_TABLE, ...LABEL_TABLE, ...ENTROPY_TABLE, positiveWeights: 'list' },
  parse: (options) =>
    parseCriterion(options, ['sigmoid', 'none'], 'use crossEntropyLoss for classes that exclude each other', [
      parseBinaryCrossEntropy(options),
    ]),
}

function parseBinaryCrossEntropy(options: OptionValues): Part {
  const classWeights = options.numbers('classWeights', NON_NEGATIVE)
  const positive = parsePositiveWeights(options)
  const shared = parseEntropy(options, options.raw('activation'))
  return {
    name: 'binaryCrossEntropy',
    bind(classes): BinaryCrossEntropyTerm {
      return {
        kind: 'binary-cross-entropy',
        weight: 1,
        classWeights: perClassList(options, 'classWeights', classWeights, classes),
        positiveWeights:
          typeof positive === 'number'
            ? Array.from({ length: classes }, () => positive)
            : perClassList(options, 'positiveWeights', positive, classes),
        ...shared,
      }
    },
  }
}

function parsePositiveWeights(options: OptionValues): number | readonly number[] | undefined {
  return Array.isArray(options.raw('positiveWeights'))
    ? options.numbers('positiveWeights', NON_NEGATIVE)
    : options.number('positiveWeights', NON_NEGATIVE)
}
