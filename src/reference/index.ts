/** maskloss/reference: the same functions, classes and types on the plain TypeScript engine, for any JavaScript runtime. */
import { conventionsOf, type Conventions } from '../conventions/index.ts'
import { LossCriterion, lossFunction, type LossFunction } from '../criterion.ts'
import { binaryCrossEntropy, type BinaryCrossEntropyLossOptions } from '../losses/binary-cross-entropy.ts'
import { crossEntropy, type CrossEntropyLossOptions } from '../losses/cross-entropy.ts'
import { dice, type DiceLossOptions } from '../losses/dice.ts'
import { diceCrossEntropy, type DiceCrossEntropyLossOptions } from '../losses/dice-cross-entropy.ts'
import { focalTversky, type FocalTverskyLossOptions } from '../losses/focal-tversky.ts'
import { jaccard, type JaccardLossOptions } from '../losses/jaccard.ts'
import { logDice, type LogDiceLossOptions } from '../losses/log-dice.ts'
import { tversky, type TverskyLossOptions } from '../losses/tversky.ts'
import { runtimeFunction, type Runtime } from '../runtime.ts'
import { scoreFunction, type ScoreFunction } from '../score.ts'
import type { ScoreOptions } from '../score-options.ts'
import { ScoreAccumulator, scoresState, type ScoresState } from '../scores.ts'
import { reference } from './engine.ts'

export type { Activation, EmptyClass, MeanOver, Reduction, RegionForm, ScorePer, WeightMode } from '../engine.ts'
export type { Bound, Conventions } from '../conventions/index.ts'
export type { Convention, ConventionCallOptions, ConventionCriterion, SomeTerms } from '../conventions/convention.ts'
export {
  isMasklossError,
  MasklossRangeError,
  MasklossTypeError,
  type MasklossError,
  type MasklossErrorCode,
  type Position,
} from '../errors.ts'
export type { Layout } from '../layout.ts'
export type { CriterionOptions, LabelOptions } from '../losses/common.ts'
export type { EntropyOptions } from '../losses/cross-entropy.ts'
export type { CrossEntropyTermOptions, DiceTermOptions, TermOptions } from '../losses/dice-cross-entropy.ts'
export type { RegionLossOptions, RegionOptions, SmoothOptions } from '../losses/region.ts'
export type { TverskyOptions } from '../losses/tversky.ts'
export type {
  CallOptions,
  Evaluated,
  GradientOf,
  GradientOption,
  LossResult,
  WithGradient,
  WithTerms,
} from '../result.ts'
export type { Runtime } from '../runtime.ts'
export type { ScoreFunction } from '../score.ts'
export type { Decision, ScoreCallOptions, ScoreOptions } from '../score-options.ts'
export type { ScoreName, ScoreResult } from '../score-result.ts'
export type { ScoreAccumulator, ScoresState } from '../scores.ts'
export type { TargetKind } from '../target.ts'
export type {
  DimsTensor,
  ImageObject,
  ImageWithInfo,
  NumberArray,
  ShapedArray,
  SyncTensor,
  TensorLike,
} from '../tensor.ts'
export type { LossCriterion, LossFunction }
export type {
  BinaryCrossEntropyLossOptions,
  CrossEntropyLossOptions,
  DiceLossOptions,
  DiceCrossEntropyLossOptions,
  FocalTverskyLossOptions,
  JaccardLossOptions,
  LogDiceLossOptions,
  TverskyLossOptions,
}

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
