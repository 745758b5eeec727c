/** The types of both public lists. */
export type { Combination, CombineFunction, WeightedLoss } from './combine.ts'
export type { LossCriterion, LossFunction } from './criterion.ts'
export type {
  DeepSupervision,
  DeepSupervisionCallOptions,
  DeepSupervisionFunction,
  DeepSupervisionOptions,
  DeepSupervisionResult,
  DeeplySupervised,
  GradientsOption,
  ScaleResult,
  WithGradients,
} from './deep-supervision.ts'
export type {
  Activation,
  Averaging,
  EmptyClass,
  FloatArray,
  MeanOver,
  Reduction,
  RegionForm,
  ScorePer,
  WeightMode,
} from './engine.ts'
export type { MasklossError, MasklossErrorCode, Position } from './errors.ts'
export type { Layout } from './layout.ts'
export type { CellOptions } from './losses/cells.ts'
export type { ClassOptions } from './losses/classes.ts'
export type { CriterionOptions, LabelOptions } from './losses/common.ts'
export type { TermOptions } from './losses/compound.ts'
export type { RegionLossOptions, RegionOptions, SmoothOptions, TransformOptions } from './losses/region.ts'
export type { PixelLossOptions, PixelOptions } from './losses/pixel.ts'
export type { AsymmetricSimilarityLossOptions, AsymmetricSimilarityOptions } from './losses/asymmetric-similarity.ts'
export type { AsymmetricUnifiedFocalLossOptions } from './losses/asymmetric-unified-focal.ts'
export type { BinaryCrossEntropyLossOptions, BinaryCrossEntropyOptions } from './losses/binary-cross-entropy.ts'
export type { CrossEntropyLossOptions, CrossEntropyOptions, EntropyOptions } from './losses/cross-entropy.ts'
export type { DiceLossOptions } from './losses/dice.ts'
export type {
  BinaryCrossEntropyTermOptions,
  DiceBinaryCrossEntropyLossOptions,
} from './losses/dice-binary-cross-entropy.ts'
export type {
  CrossEntropyTermOptions,
  DiceCrossEntropyLossOptions,
  DiceTermOptions,
} from './losses/dice-cross-entropy.ts'
export type { DiceFocalLossOptions, FocalTermOptions } from './losses/dice-focal.ts'
export type { DiceTopKLossOptions, TopKTermOptions } from './losses/dice-top-k.ts'
export type {
  ExponentialLogarithmicLossOptions,
  LogDicePowerOptions,
  LogDiceTermOptions,
} from './losses/exponential-logarithmic.ts'
export type { FocalLossOptions, FocalOptions } from './losses/focal.ts'
export type { FocalTverskyLossOptions, FocalTverskyOptions } from './losses/focal-tversky.ts'
export type {
  GeneralizedCrossEntropyLossOptions,
  GeneralizedCrossEntropyOptions,
} from './losses/generalized-cross-entropy.ts'
export type { GeneralizedDiceLossOptions, GeneralizedDiceOptions } from './losses/generalized-dice.ts'
export type { GeneralizedDiceFocalLossOptions, GeneralizedDiceTermOptions } from './losses/generalized-dice-focal.ts'
export type {
  GeneralizedWassersteinDiceLossOptions,
  GeneralizedWassersteinDiceOptions,
} from './losses/generalized-wasserstein-dice.ts'
export type { JaccardLossOptions } from './losses/jaccard.ts'
export type { JaccardMetricAverages, JaccardMetricLossOptions, JaccardMetricOptions } from './losses/jaccard-metric.ts'
export type { LogDiceLossOptions } from './losses/log-dice.ts'
export type { LovaszHingeLossOptions, LovaszOptions, LovaszSoftmaxLossOptions } from './losses/lovasz.ts'
export type { MatthewsCorrelationLossOptions, MatthewsCorrelationOptions } from './losses/matthews-correlation.ts'
export type { PolyLossOptions, PolyOptions } from './losses/poly.ts'
export type {
  SensitivitySpecificityLossOptions,
  SensitivitySpecificityOptions,
} from './losses/sensitivity-specificity.ts'
export type { TverskyLossOptions, TverskyOptions } from './losses/tversky.ts'
export type {
  CallOptions,
  Evaluated,
  GradientOf,
  GradientOption,
  LossResult,
  WithGradient,
  WithTerms,
} from './result.ts'
export type { Runtime } from './runtime.ts'
export type { ScoreFunction } from './score.ts'
export type { Decision, ScoreCallOptions, ScoreOptions } from './score-options.ts'
export type { ScoreName, ScoreResult } from './score-result.ts'
export type { ScoreAccumulator, ScoresState } from './scores.ts'
export type { TargetKind } from './target.ts'
export type {
  DimsTensor,
  ImageObject,
  ImageWithInfo,
  NumberArray,
  ShapedArray,
  SyncTensor,
  TensorLike,
} from './tensor.ts'
export type { Bound, Conventions } from './conventions/index.ts'
export type { Convention, ConventionCallOptions, ConventionCriterion, SomeTerms } from './conventions/convention.ts'
