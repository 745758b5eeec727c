/** maskloss/reference: the same functions, classes and types on the plain TypeScript engine, for any JavaScript runtime. */
import { conventionsOf, type Conventions } from '../conventions/index.ts'
import { combineFunction, type CombineFunction } from '../combine.ts'
import { LossCriterion, lossFunction, type LossFunction } from '../criterion.ts'
import { asymmetricSimilarity, type AsymmetricSimilarityLossOptions } from '../losses/asymmetric-similarity.ts'
import { asymmetricUnifiedFocal, type AsymmetricUnifiedFocalLossOptions } from '../losses/asymmetric-unified-focal.ts'
import { binaryCrossEntropy, type BinaryCrossEntropyLossOptions } from '../losses/binary-cross-entropy.ts'
import { crossEntropy, type CrossEntropyLossOptions } from '../losses/cross-entropy.ts'
import { dice, type DiceLossOptions } from '../losses/dice.ts'
import { diceBinaryCrossEntropy, type DiceBinaryCrossEntropyLossOptions } from '../losses/dice-binary-cross-entropy.ts'
import { diceCrossEntropy, type DiceCrossEntropyLossOptions } from '../losses/dice-cross-entropy.ts'
import { diceFocal, type DiceFocalLossOptions } from '../losses/dice-focal.ts'
import { diceTopK, type DiceTopKLossOptions } from '../losses/dice-top-k.ts'
import { exponentialLogarithmic, type ExponentialLogarithmicLossOptions } from '../losses/exponential-logarithmic.ts'
import { focal, type FocalLossOptions } from '../losses/focal.ts'
import { focalTversky, type FocalTverskyLossOptions } from '../losses/focal-tversky.ts'
import {
  generalizedCrossEntropy,
  type GeneralizedCrossEntropyLossOptions,
} from '../losses/generalized-cross-entropy.ts'
import { generalizedDice, type GeneralizedDiceLossOptions } from '../losses/generalized-dice.ts'
import { generalizedDiceFocal, type GeneralizedDiceFocalLossOptions } from '../losses/generalized-dice-focal.ts'
import {
  generalizedWassersteinDice,
  type GeneralizedWassersteinDiceLossOptions,
} from '../losses/generalized-wasserstein-dice.ts'
import { jaccard, type JaccardLossOptions } from '../losses/jaccard.ts'
import { jaccardMetric, type JaccardMetricLossOptions } from '../losses/jaccard-metric.ts'
import { logDice, type LogDiceLossOptions } from '../losses/log-dice.ts'
import {
  lovaszSoftmax,
  type LovaszSoftmaxLossOptions,
  lovaszHinge,
  type LovaszHingeLossOptions,
} from '../losses/lovasz.ts'
import { matthewsCorrelation, type MatthewsCorrelationLossOptions } from '../losses/matthews-correlation.ts'
import { poly, type PolyLossOptions } from '../losses/poly.ts'
import { sensitivitySpecificity, type SensitivitySpecificityLossOptions } from '../losses/sensitivity-specificity.ts'
import { tversky, type TverskyLossOptions } from '../losses/tversky.ts'
import { runtimeFunction, type Runtime } from '../runtime.ts'
import { scoreFunction, type ScoreFunction } from '../score.ts'
import type { ScoreOptions } from '../score-options.ts'
import { ScoreAccumulator, scoresState, type ScoresState } from '../scores.ts'
import { reference } from './engine.ts'

export { deepSupervision } from '../deep-supervision.ts'
export { isMasklossError, MasklossRangeError, MasklossTypeError } from '../errors.ts'
export type * from '../types.ts'

/** {@inheritDoc DiceLossOptions} */
export const diceLoss: LossFunction<DiceLossOptions> = lossFunction(dice, reference)

/** {@inheritDoc DiceLossOptions} */
export class DiceLoss extends LossCriterion<DiceLossOptions> {
  constructor(options: DiceLossOptions) {
    super(dice, options, reference)
  }
}

/** {@inheritDoc JaccardLossOptions} */
export const jaccardLoss: LossFunction<JaccardLossOptions> = lossFunction(jaccard, reference)

/** {@inheritDoc JaccardLossOptions} */
export class JaccardLoss extends LossCriterion<JaccardLossOptions> {
  constructor(options: JaccardLossOptions) {
    super(jaccard, options, reference)
  }
}

/** {@inheritDoc TverskyLossOptions} */
export const tverskyLoss: LossFunction<TverskyLossOptions> = lossFunction(tversky, reference)

/** {@inheritDoc TverskyLossOptions} */
export class TverskyLoss extends LossCriterion<TverskyLossOptions> {
  constructor(options: TverskyLossOptions) {
    super(tversky, options, reference)
  }
}

/** {@inheritDoc FocalTverskyLossOptions} */
export const focalTverskyLoss: LossFunction<FocalTverskyLossOptions> = lossFunction(focalTversky, reference)

/** {@inheritDoc FocalTverskyLossOptions} */
export class FocalTverskyLoss extends LossCriterion<FocalTverskyLossOptions> {
  constructor(options: FocalTverskyLossOptions) {
    super(focalTversky, options, reference)
  }
}

/** {@inheritDoc LogDiceLossOptions} */
export const logDiceLoss: LossFunction<LogDiceLossOptions> = lossFunction(logDice, reference)

/** {@inheritDoc LogDiceLossOptions} */
export class LogDiceLoss extends LossCriterion<LogDiceLossOptions> {
  constructor(options: LogDiceLossOptions) {
    super(logDice, options, reference)
  }
}

/** {@inheritDoc AsymmetricSimilarityLossOptions} */
export const asymmetricSimilarityLoss: LossFunction<AsymmetricSimilarityLossOptions> = lossFunction(
  asymmetricSimilarity,
  reference,
)

/** {@inheritDoc AsymmetricSimilarityLossOptions} */
export class AsymmetricSimilarityLoss extends LossCriterion<AsymmetricSimilarityLossOptions> {
  constructor(options: AsymmetricSimilarityLossOptions) {
    super(asymmetricSimilarity, options, reference)
  }
}

/** {@inheritDoc GeneralizedDiceLossOptions} */
export const generalizedDiceLoss: LossFunction<GeneralizedDiceLossOptions> = lossFunction(generalizedDice, reference)

/** {@inheritDoc GeneralizedDiceLossOptions} */
export class GeneralizedDiceLoss extends LossCriterion<GeneralizedDiceLossOptions> {
  constructor(options: GeneralizedDiceLossOptions) {
    super(generalizedDice, options, reference)
  }
}

/** {@inheritDoc GeneralizedWassersteinDiceLossOptions} */
export const generalizedWassersteinDiceLoss: LossFunction<GeneralizedWassersteinDiceLossOptions> = lossFunction(
  generalizedWassersteinDice,
  reference,
)

/** {@inheritDoc GeneralizedWassersteinDiceLossOptions} */
export class GeneralizedWassersteinDiceLoss extends LossCriterion<GeneralizedWassersteinDiceLossOptions> {
  constructor(options: GeneralizedWassersteinDiceLossOptions) {
    super(generalizedWassersteinDice, options, reference)
  }
}

/** {@inheritDoc JaccardMetricLossOptions} */
export const jaccardMetricLoss: LossFunction<JaccardMetricLossOptions, string> = lossFunction(jaccardMetric, reference)

/** {@inheritDoc JaccardMetricLossOptions} */
export class JaccardMetricLoss extends LossCriterion<JaccardMetricLossOptions, string> {
  constructor(options: JaccardMetricLossOptions) {
    super(jaccardMetric, options, reference)
  }
}

/** {@inheritDoc LovaszSoftmaxLossOptions} */
export const lovaszSoftmaxLoss: LossFunction<LovaszSoftmaxLossOptions> = lossFunction(lovaszSoftmax, reference)

/** {@inheritDoc LovaszSoftmaxLossOptions} */
export class LovaszSoftmaxLoss extends LossCriterion<LovaszSoftmaxLossOptions> {
  constructor(options: LovaszSoftmaxLossOptions) {
    super(lovaszSoftmax, options, reference)
  }
}

/** {@inheritDoc LovaszHingeLossOptions} */
export const lovaszHingeLoss: LossFunction<LovaszHingeLossOptions> = lossFunction(lovaszHinge, reference)

/** {@inheritDoc LovaszHingeLossOptions} */
export class LovaszHingeLoss extends LossCriterion<LovaszHingeLossOptions> {
  constructor(options: LovaszHingeLossOptions) {
    super(lovaszHinge, options, reference)
  }
}

/** {@inheritDoc MatthewsCorrelationLossOptions} */
export const matthewsCorrelationLoss: LossFunction<MatthewsCorrelationLossOptions> = lossFunction(
  matthewsCorrelation,
  reference,
)

/** {@inheritDoc MatthewsCorrelationLossOptions} */
export class MatthewsCorrelationLoss extends LossCriterion<MatthewsCorrelationLossOptions> {
  constructor(options: MatthewsCorrelationLossOptions) {
    super(matthewsCorrelation, options, reference)
  }
}

/** {@inheritDoc SensitivitySpecificityLossOptions} */
export const sensitivitySpecificityLoss: LossFunction<SensitivitySpecificityLossOptions> = lossFunction(
  sensitivitySpecificity,
  reference,
)

/** {@inheritDoc SensitivitySpecificityLossOptions} */
export class SensitivitySpecificityLoss extends LossCriterion<SensitivitySpecificityLossOptions> {
  constructor(options: SensitivitySpecificityLossOptions) {
    super(sensitivitySpecificity, options, reference)
  }
}

/** {@inheritDoc CrossEntropyLossOptions} */
export const crossEntropyLoss: LossFunction<CrossEntropyLossOptions> = lossFunction(crossEntropy, reference)

/** {@inheritDoc CrossEntropyLossOptions} */
export class CrossEntropyLoss extends LossCriterion<CrossEntropyLossOptions> {
  constructor(options: CrossEntropyLossOptions) {
    super(crossEntropy, options, reference)
  }
}

/** {@inheritDoc BinaryCrossEntropyLossOptions} */
export const binaryCrossEntropyLoss: LossFunction<BinaryCrossEntropyLossOptions> = lossFunction(
  binaryCrossEntropy,
  reference,
)

/** {@inheritDoc BinaryCrossEntropyLossOptions} */
export class BinaryCrossEntropyLoss extends LossCriterion<BinaryCrossEntropyLossOptions> {
  constructor(options: BinaryCrossEntropyLossOptions) {
    super(binaryCrossEntropy, options, reference)
  }
}

/** {@inheritDoc FocalLossOptions} */
export const focalLoss: LossFunction<FocalLossOptions> = lossFunction(focal, reference)

/** {@inheritDoc FocalLossOptions} */
export class FocalLoss extends LossCriterion<FocalLossOptions> {
  constructor(options: FocalLossOptions) {
    super(focal, options, reference)
  }
}

/** {@inheritDoc PolyLossOptions} */
export const polyLoss: LossFunction<PolyLossOptions> = lossFunction(poly, reference)

/** {@inheritDoc PolyLossOptions} */
export class PolyLoss extends LossCriterion<PolyLossOptions> {
  constructor(options: PolyLossOptions) {
    super(poly, options, reference)
  }
}

/** {@inheritDoc GeneralizedCrossEntropyLossOptions} */
export const generalizedCrossEntropyLoss: LossFunction<GeneralizedCrossEntropyLossOptions> = lossFunction(
  generalizedCrossEntropy,
  reference,
)

/** {@inheritDoc GeneralizedCrossEntropyLossOptions} */
export class GeneralizedCrossEntropyLoss extends LossCriterion<GeneralizedCrossEntropyLossOptions> {
  constructor(options: GeneralizedCrossEntropyLossOptions) {
    super(generalizedCrossEntropy, options, reference)
  }
}

/** {@inheritDoc DiceCrossEntropyLossOptions} */
export const diceCrossEntropyLoss: LossFunction<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> = lossFunction(
  diceCrossEntropy,
  reference,
)

/** {@inheritDoc DiceCrossEntropyLossOptions} */
export class DiceCrossEntropyLoss extends LossCriterion<DiceCrossEntropyLossOptions, 'dice' | 'crossEntropy'> {
  constructor(options: DiceCrossEntropyLossOptions) {
    super(diceCrossEntropy, options, reference)
  }
}

/** {@inheritDoc Conventions} */
export const conventions: Conventions = conventionsOf(reference)

/** {@inheritDoc DiceBinaryCrossEntropyLossOptions} */
export const diceBinaryCrossEntropyLoss: LossFunction<
  DiceBinaryCrossEntropyLossOptions,
  'dice' | 'binaryCrossEntropy'
> = lossFunction(diceBinaryCrossEntropy, reference)

/** {@inheritDoc DiceBinaryCrossEntropyLossOptions} */
export class DiceBinaryCrossEntropyLoss extends LossCriterion<
  DiceBinaryCrossEntropyLossOptions,
  'dice' | 'binaryCrossEntropy'
> {
  constructor(options: DiceBinaryCrossEntropyLossOptions) {
    super(diceBinaryCrossEntropy, options, reference)
  }
}

/** {@inheritDoc DiceFocalLossOptions} */
export const diceFocalLoss: LossFunction<DiceFocalLossOptions, 'dice' | 'focal'> = lossFunction(diceFocal, reference)

/** {@inheritDoc DiceFocalLossOptions} */
export class DiceFocalLoss extends LossCriterion<DiceFocalLossOptions, 'dice' | 'focal'> {
  constructor(options: DiceFocalLossOptions) {
    super(diceFocal, options, reference)
  }
}

/** {@inheritDoc DiceTopKLossOptions} */
export const diceTopKLoss: LossFunction<DiceTopKLossOptions, 'dice' | 'topK'> = lossFunction(diceTopK, reference)

/** {@inheritDoc DiceTopKLossOptions} */
export class DiceTopKLoss extends LossCriterion<DiceTopKLossOptions, 'dice' | 'topK'> {
  constructor(options: DiceTopKLossOptions) {
    super(diceTopK, options, reference)
  }
}

/** {@inheritDoc GeneralizedDiceFocalLossOptions} */
export const generalizedDiceFocalLoss: LossFunction<GeneralizedDiceFocalLossOptions, 'generalizedDice' | 'focal'> =
  lossFunction(generalizedDiceFocal, reference)

/** {@inheritDoc GeneralizedDiceFocalLossOptions} */
export class GeneralizedDiceFocalLoss extends LossCriterion<
  GeneralizedDiceFocalLossOptions,
  'generalizedDice' | 'focal'
> {
  constructor(options: GeneralizedDiceFocalLossOptions) {
    super(generalizedDiceFocal, options, reference)
  }
}

/** {@inheritDoc ExponentialLogarithmicLossOptions} */
export const exponentialLogarithmicLoss: LossFunction<ExponentialLogarithmicLossOptions, 'logDice' | 'crossEntropy'> =
  lossFunction(exponentialLogarithmic, reference)

/** {@inheritDoc ExponentialLogarithmicLossOptions} */
export class ExponentialLogarithmicLoss extends LossCriterion<
  ExponentialLogarithmicLossOptions,
  'logDice' | 'crossEntropy'
> {
  constructor(options: ExponentialLogarithmicLossOptions) {
    super(exponentialLogarithmic, options, reference)
  }
}

/** {@inheritDoc AsymmetricUnifiedFocalLossOptions} */
export const asymmetricUnifiedFocalLoss: LossFunction<AsymmetricUnifiedFocalLossOptions, 'focal' | 'focalTversky'> =
  lossFunction(asymmetricUnifiedFocal, reference)

/** {@inheritDoc AsymmetricUnifiedFocalLossOptions} */
export class AsymmetricUnifiedFocalLoss extends LossCriterion<
  AsymmetricUnifiedFocalLossOptions,
  'focal' | 'focalTversky'
> {
  constructor(options: AsymmetricUnifiedFocalLossOptions) {
    super(asymmetricUnifiedFocal, options, reference)
  }
}

/** {@inheritDoc combineFunction} */
export const combine: CombineFunction = combineFunction(reference)

/** {@inheritDoc ScoreFunction} */
export const score: ScoreFunction = scoreFunction(reference)

/** {@inheritDoc ScoreAccumulator} */
export class Scores extends ScoreAccumulator {
  constructor(options?: ScoreOptions) {
    super(options, reference)
  }

  /** Reads what `JSON.stringify(scores)` wrote, parsed. */
  static fromJSON(state: ScoresState): Scores {
    return new Scores(scoresState(state).options).restore(state)
  }
}

/** Which engine computes, and on what. */
export const runtime: () => Runtime = runtimeFunction(reference)
