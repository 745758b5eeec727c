/** maskloss: segmentation losses and their gradients, computed by the native engine. This file is the public list, nothing else. */
import { conventionsOf, type Conventions } from './conventions/index.ts'
import { combineFunction, type CombineFunction } from './combine.ts'
import { LossCriterion, lossFunction, type LossFunction } from './criterion.ts'
import { asymmetricSimilarity, type AsymmetricSimilarityLossOptions } from './losses/asymmetric-similarity.ts'
import { asymmetricUnifiedFocal, type AsymmetricUnifiedFocalLossOptions } from './losses/asymmetric-unified-focal.ts'
import { binaryCrossEntropy, type BinaryCrossEntropyLossOptions } from './losses/binary-cross-entropy.ts'
import { crossEntropy, type CrossEntropyLossOptions } from './losses/cross-entropy.ts'
import { dice, type DiceLossOptions } from './losses/dice.ts'
import { diceBinaryCrossEntropy, type DiceBinaryCrossEntropyLossOptions } from './losses/dice-binary-cross-entropy.ts'
import { diceCrossEntropy, type DiceCrossEntropyLossOptions } from './losses/dice-cross-entropy.ts'
import { diceFocal, type DiceFocalLossOptions } from './losses/dice-focal.ts'
import { diceTopK, type DiceTopKLossOptions } from './losses/dice-top-k.ts'
import { exponentialLogarithmic, type ExponentialLogarithmicLossOptions } from './losses/exponential-logarithmic.ts'
import { focal, type FocalLossOptions } from './losses/focal.ts'
import { focalTversky, type FocalTverskyLossOptions } from './losses/focal-tversky.ts'
import { generalizedCrossEntropy, type GeneralizedCrossEntropyLossOptions } from './losses/generalized-cross-entropy.ts'
import { generalizedDice, type GeneralizedDiceLossOptions } from './losses/generalized-dice.ts'
import { generalizedDiceFocal, type GeneralizedDiceFocalLossOptions } from './losses/generalized-dice-focal.ts'
import {
  generalizedWassersteinDice,
  type GeneralizedWassersteinDiceLossOptions,
} from './losses/generalized-wasserstein-dice.ts'
import { jaccard, type JaccardLossOptions } from './losses/jaccard.ts'
import { jaccardMetric, type JaccardMetricLossOptions } from './losses/jaccard-metric.ts'
import { logDice, type LogDiceLossOptions } from './losses/log-dice.ts'
import {
  lovaszSoftmax,
  type LovaszSoftmaxLossOptions,
  lovaszHinge,
  type LovaszHingeLossOptions,
} from './losses/lovasz.ts'
import { matthewsCorrelation, type MatthewsCorrelationLossOptions } from './losses/matthews-correlation.ts'
import { poly, type PolyLossOptions } from './losses/poly.ts'
import { sensitivitySpecificity, type SensitivitySpecificityLossOptions } from './losses/sensitivity-specificity.ts'
import { tversky, type TverskyLossOptions } from './losses/tversky.ts'
import { native } from './native.ts'
import { runtimeFunction, type Runtime } from './runtime.ts'
import { scoreFunction, type ScoreFunction } from './score.ts'
import type { ScoreOptions } from './score-options.ts'
import { ScoreAccumulator, scoresState, type ScoresState } from './scores.ts'

export { deepSupervision } from './deep-supervision.ts'
export { isMasklossError, MasklossRangeError, MasklossTypeError } from './errors.ts'
export type * from './types.ts'

/** {@inheritDoc DiceLossOptions} */
export const diceLoss: LossFunction<DiceLossOptions> = lossFunction(dice, native)

/** {@inheritDoc DiceLossOptions} */
export class DiceLoss extends LossCriterion<DiceLossOptions> {
  constructor(options: DiceLossOptions) {
    super(dice, options, native)
  }
}

/** {@inheritDoc JaccardLossOptions} */
export const jaccardLoss: LossFunction<JaccardLossOptions> = lossFunction(jaccard, native)

/** {@inheritDoc JaccardLossOptions} */
export class JaccardLoss extends LossCriterion<JaccardLossOptions> {
  constructor(options: JaccardLossOptions) {
    super(jaccard, options, native)
  }
}

/** {@inheritDoc TverskyLossOptions} */
export const tverskyLoss: LossFunction<TverskyLossOptions> = lossFunction(tversky, native)

/** {@inheritDoc TverskyLossOptions} */
export class TverskyLoss extends LossCriterion<TverskyLossOptions> {
  constructor(options: TverskyLossOptions) {
    super(tversky, options, native)
  }
}

/** {@inheritDoc FocalTverskyLossOptions} */
export const focalTverskyLoss: LossFunction<FocalTverskyLossOptions> = lossFunction(focalTversky, native)

/** {@inheritDoc FocalTverskyLossOptions} */
export class FocalTverskyLoss extends LossCriterion<FocalTverskyLossOptions> {
  constructor(options: FocalTverskyLossOptions) {
    super(focalTversky, options, native)
  }
}

/** {@inheritDoc LogDiceLossOptions} */
export const logDiceLoss: LossFunction<LogDiceLossOptions> = lossFunction(logDice, native)

/** {@inheritDoc LogDiceLossOptions} */
export class LogDiceLoss extends LossCriterion<LogDiceLossOptions> {
  constructor(options: LogDiceLossOptions) {
    super(logDice, options, native)
  }
}

/** {@inheritDoc AsymmetricSimilarityLossOptions} */
export const asymmetricSimilarityLoss: LossFunction<AsymmetricSimilarityLossOptions> = lossFunction(
  asymmetricSimilarity,
  native,
)

/** {@inheritDoc AsymmetricSimilarityLossOptions} */
export class AsymmetricSimilarityLoss extends LossCriterion<AsymmetricSimilarityLossOptions> {
  constructor(options: AsymmetricSimilarityLossOptions) {
    super(asymmetricSimilarity, options, native)
  }
}

/** {@inheritDoc GeneralizedDiceLossOptions} */
export const generalizedDiceLoss: LossFunction<GeneralizedDiceLossOptions> = lossFunction(generalizedDice, native)

/** {@inheritDoc GeneralizedDiceLossOptions} */
export class GeneralizedDiceLoss extends LossCriterion<GeneralizedDiceLossOptions> {
  constructor(options: GeneralizedDiceLossOptions) {
    super(generalizedDice, options, native)
  }
}

/** {@inheritDoc GeneralizedWassersteinDiceLossOptions} */
export const generalizedWassersteinDiceLoss: LossFunction<GeneralizedWassersteinDiceLossOptions> = lossFunction(
  generalizedWassersteinDice,
  native,
)

/** {@inheritDoc GeneralizedWassersteinDiceLossOptions} */
export class GeneralizedWassersteinDiceLoss extends LossCriterion<GeneralizedWassersteinDiceLossOptions> {
  constructor(options: GeneralizedWassersteinDiceLossOptions) {
    super(generalizedWassersteinDice, options, native)
  }
}

/** {@inheritDoc JaccardMetricLossOptions} */
export const jaccardMetricLoss: LossFunction<JaccardMetricLossOptions, string> = lossFunction(jaccardMetric, native)

/** {@inheritDoc JaccardMetricLossOptions} */
export class JaccardMetricLoss extends LossCriterion<JaccardMetricLossOptions, string> {
  constructor(options: JaccardMetricLossOptions) {
    super(jaccardMetric, options, native)
  }
}

/** {@inheritDoc LovaszSoftmaxLossOptions} */
export const lovaszSoftmaxLoss: LossFunction<LovaszSoftmaxLossOptions> = lossFunction(lovaszSoftmax, native)

/** {@inheritDoc LovaszSoftmaxLossOptions} */
export class LovaszSoftmaxLoss extends LossCriterion<LovaszSoftmaxLossOptions> {
  constructor(options: LovaszSoftmaxLossOptions) {
    super(lovaszSoftmax, options, native)
  }
}

/** {@inheritDoc LovaszHingeLossOptions} */
export const lovaszHingeLoss: LossFunction<LovaszHingeLossOptions> = lossFunction(lovaszHinge, native)

/** {@inheritDoc LovaszHingeLossOptions} */
export class LovaszHingeLoss extends LossCriterion<LovaszHingeLossOptions> {
  constructor(options: LovaszHingeLossOptions) {
    super(lovaszHinge, options, native)
  }
}

/** {@inheritDoc MatthewsCorrelationLossOptions} */
export const matthewsCorrelationLoss: LossFunction<MatthewsCorrelationLossOptions> = lossFunction(
  matthewsCorrelation,
  native,
)

/** {@inheritDoc MatthewsCorrelationLossOptions} */
export class MatthewsCorrelationLoss extends LossCriterion<MatthewsCorrelationLossOptions> {
  constructor(options: MatthewsCorrelationLossOptions) {
    super(matthewsCorrelation, options, native)
  }
}

/** {@inheritDoc SensitivitySpecificityLossOptions} */
export const sensitivitySpecificityLoss: LossFunction<SensitivitySpecificityLossOptions> = lossFunction(
  sensitivitySpecificity,
  native,
)

/** {@inheritDoc SensitivitySpecificityLossOptions} */
export class SensitivitySpecificityLoss extends LossCriterion<SensitivitySpecificityLossOptions> {
  constructor(options: SensitivitySpecificityLossOptions) {
    super(sensitivitySpecificity, options, native)
  }
}

/** {@inheritDoc CrossEntropyLossOptions} */
export const crossEntropyLoss: LossFunction<CrossEntropyLossOptions> = lossFunction(crossEntropy, native)

/** {@inheritDoc CrossEntropyLossOptions} */
export class CrossEntropyLoss extends LossCriterion<CrossEntropyLossOptions> {
  constructor(options: CrossEntropyLossOptions) {
    super(crossEntropy, options, native)
  }
}

/** {@inheritDoc BinaryCrossEntropyLossOptions} */
export const binaryCrossEntropyLoss: LossFunction<BinaryCrossEntropyLossOptions> = lossFunction(
  binaryCrossEntropy,
  native,
)

/** {@inheritDoc BinaryCrossEntropyLossOptions} */
export class BinaryCrossEntropyLoss extends LossCriterion<BinaryCrossEntropyLossOptions> {
  constructor(options: BinaryCrossEntropyLossOptions) {
    super(binaryCrossEntropy, options, native)
  }
}

/** {@inheritDoc FocalLossOptions} */
export const focalLoss: LossFunction<FocalLossOptions> = lossFunction(focal, native)

/** {@inheritDoc FocalLossOptions} */
export class FocalLoss extends LossCriterion<FocalLossOptions> {
  constructor(options: FocalLossOptions) {
    super(focal, options, native)
  }
}

/** {@inheritDoc PolyLossOptions} */
export const polyLoss: LossFunction<PolyLossOptions> = lossFunction(poly, native)

/** {@inheritDoc PolyLossOptions} */
export class PolyLoss extends LossCriterion<PolyLossOptions> {
  constructor(options: PolyLossOptions) {
    super(poly, options, native)
  }
}

/** {@inheritDoc GeneralizedCrossEntropyLossOptions} */
export const generalizedCrossEntropyLoss: LossFunction<GeneralizedCrossEntropyLossOptions> = lossFunction(
  generalizedCrossEntropy,
  native,
)

/** {@inheritDoc GeneralizedCrossEntropyLossOptions} */
export class GeneralizedCrossEntropyLoss extends LossCriterion<GeneralizedCrossEntropyLossOptions> {
  constructor(options: GeneralizedCrossEntropyLossOptions) {
    super(generalizedCrossEntropy, options, native)
  }
}

/** {@inheritDoc DiceCrossEntropyLossOptions} */
export const diceCrossEntropyLoss: LossFunction<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> = lossFunction(
  diceCrossEntropy,
  native,
)

/** {@inheritDoc DiceCrossEntropyLossOptions} */
export class DiceCrossEntropyLoss extends LossCriterion<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> {
  constructor(options: DiceCrossEntropyLossOptions) {
    super(diceCrossEntropy, options, native)
  }
}

/** {@inheritDoc Conventions} */
export const conventions: Conventions = conventionsOf(native)

/** {@inheritDoc DiceBinaryCrossEntropyLossOptions} */
export const diceBinaryCrossEntropyLoss: LossFunction<
  DiceBinaryCrossEntropyLossOptions,
  'dice' | 'binaryCrossEntropy'
> = lossFunction(diceBinaryCrossEntropy, native)

/** {@inheritDoc DiceBinaryCrossEntropyLossOptions} */
export class DiceBinaryCrossEntropyLoss extends LossCriterion<
  DiceBinaryCrossEntropyLossOptions,
  'dice' | 'binaryCrossEntropy'
> {
  constructor(options: DiceBinaryCrossEntropyLossOptions) {
    super(diceBinaryCrossEntropy, options, native)
  }
}

/** {@inheritDoc DiceFocalLossOptions} */
export const diceFocalLoss: LossFunction<DiceFocalLossOptions, 'dice' | 'focal'> = lossFunction(diceFocal, native)

/** {@inheritDoc DiceFocalLossOptions} */
export class DiceFocalLoss extends LossCriterion<DiceFocalLossOptions, 'dice' | 'focal'> {
  constructor(options: DiceFocalLossOptions) {
    super(diceFocal, options, native)
  }
}

/** {@inheritDoc DiceTopKLossOptions} */
export const diceTopKLoss: LossFunction<DiceTopKLossOptions, 'dice' | 'topK'> = lossFunction(diceTopK, native)

/** {@inheritDoc DiceTopKLossOptions} */
export class DiceTopKLoss extends LossCriterion<DiceTopKLossOptions, 'dice' | 'topK'> {
  constructor(options: DiceTopKLossOptions) {
    super(diceTopK, options, native)
  }
}

/** {@inheritDoc GeneralizedDiceFocalLossOptions} */
export const generalizedDiceFocalLoss: LossFunction<GeneralizedDiceFocalLossOptions, 'generalizedDice' | 'focal'> =
  lossFunction(generalizedDiceFocal, native)

/** {@inheritDoc GeneralizedDiceFocalLossOptions} */
export class GeneralizedDiceFocalLoss extends LossCriterion<
  GeneralizedDiceFocalLossOptions,
  'generalizedDice' | 'focal'
> {
  constructor(options: GeneralizedDiceFocalLossOptions) {
    super(generalizedDiceFocal, options, native)
  }
}

/** {@inheritDoc ExponentialLogarithmicLossOptions} */
export const exponentialLogarithmicLoss: LossFunction<ExponentialLogarithmicLossOptions, 'logDice' | 'crossEntropy'> =
  lossFunction(exponentialLogarithmic, native)

/** {@inheritDoc ExponentialLogarithmicLossOptions} */
export class ExponentialLogarithmicLoss extends LossCriterion<
  ExponentialLogarithmicLossOptions,
  'logDice' | 'crossEntropy'
> {
  constructor(options: ExponentialLogarithmicLossOptions) {
    super(exponentialLogarithmic, options, native)
  }
}

/** {@inheritDoc AsymmetricUnifiedFocalLossOptions} */
export const asymmetricUnifiedFocalLoss: LossFunction<AsymmetricUnifiedFocalLossOptions, 'focal' | 'focalTversky'> =
  lossFunction(asymmetricUnifiedFocal, native)

/** {@inheritDoc AsymmetricUnifiedFocalLossOptions} */
export class AsymmetricUnifiedFocalLoss extends LossCriterion<
  AsymmetricUnifiedFocalLossOptions,
  'focal' | 'focalTversky'
> {
  constructor(options: AsymmetricUnifiedFocalLossOptions) {
    super(asymmetricUnifiedFocal, options, native)
  }
}

/** {@inheritDoc combineFunction} */
export const combine: CombineFunction = combineFunction(native)

/** {@inheritDoc ScoreFunction} */
export const score: ScoreFunction = scoreFunction(native)

/** {@inheritDoc ScoreAccumulator} */
export class Scores extends ScoreAccumulator {
  constructor(options?: ScoreOptions) {
    super(options, native)
  }

  /** Reads what `JSON.stringify(scores)` wrote, parsed. */
  static fromJSON(state: ScoresState): Scores {
    return new Scores(scoresState(state).options).restore(state)
  }
}

/** Which engine computes, and on what. */
export const runtime: () => Runtime = runtimeFunction(native)
