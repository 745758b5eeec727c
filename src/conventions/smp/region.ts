/** smp's Dice, Jaccard and Tversky losses. */
import { masklossError } from '../../errors.ts'
import { INDEX, NON_NEGATIVE } from '../../options.ts'
import { convention, type Arrange, type Convention } from '../convention.ts'
import { flag, number, numbers, orNull, type Read, type Reader } from '../reader.ts'
import { allZero, classIds, criterion, labelRegions, region } from '../terms.ts'
import {
  IGNORE_INDEX,
  MODE,
  refuse,
  tensorsOf,
  weightsOf,
  type SmpIgnoreOptions,
  type SmpMode,
  type SmpModeOptions,
  type SmpWeightOptions,
} from './common.ts'

/** What the three losses take. */
export interface SmpRegionOptions extends SmpModeOptions, SmpIgnoreOptions, SmpWeightOptions {
  /** The classes that count, by index; one that is listed twice counts twice. Not in `'binary'` mode. Default `null`: all. */
  readonly classes?: ArrayLike<number> | null | undefined
  /** `−log(max(score, eps))` instead of `1 − score`. Default `false`. */
  readonly logLoss?: boolean | undefined
  /** The prediction holds logits, of which softmax (`'multiclass'`) or sigmoid is taken; else probabilities. Default `true`. */
  readonly fromLogits?: boolean | undefined
  /** s ≥ 0. Default 0. */
  readonly smooth?: number | undefined
  /** ε ≥ 0, below which no denominator is. Default 1e-7. */
  readonly eps?: number | undefined
}

const REGION: {
  readonly mode: Reader<SmpMode>
  readonly classes: Reader<readonly number[] | undefined, ArrayLike<number> | null>
  readonly logLoss: Reader<boolean>
  readonly fromLogits: Reader<boolean>
  readonly smooth: Reader<number>
  readonly ignoreIndex: Reader<number | undefined, number | null>
  readonly eps: Reader<number>
  readonly classWeights: Reader<readonly number[] | undefined, ArrayLike<number> | null>
} = {
  mode: MODE,
  classes: orNull(numbers(INDEX)),
  logLoss: flag(false),
  fromLogits: flag(true),
  smooth: number(0, NON_NEGATIVE),
  ignoreIndex: IGNORE_INDEX,
  eps: number(1e-7, NON_NEGATIVE),
  classWeights: orNull(numbers(NON_NEGATIVE)),
}

/** Weights of false positives and false negatives, and the exponent of the mean. */
interface Errors {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
}

function arrange(options: Read<typeof REGION>, { alpha, beta, gamma }: Errors): Arrange {
  const { mode, fromLogits, smooth, eps } = options
  if (mode === 'binary') {
    refuse('classes', options.classes !== undefined, "mode 'binary'", 'there is one class')
    refuse('classWeights', options.classWeights !== undefined, "mode 'binary'", 'there is one class')
  }
  return (inputs) => {
    const { grid, ignoreIndex, ...tensors } = tensorsOf(inputs, mode, options.ignoreIndex, fromLogits)
    const { classes } = grid
    const counted = countedClasses(options.classes, classes)
    const classWeights = listedWeights(weightsOf(options.classWeights, classes), counted, classes)
    const term = region({
      classes: [...new Set(counted)].toSorted((a, b) => a - b),
      form: 'absolute',
      transform: options.logLoss ? 'negative-log' : 'one-minus',
      outerGamma: gamma,
      scale: 1,
      alpha,
      beta,
      smoothNumerator: smooth,
      smoothDenominator: smooth,
      floor: eps,
      scorePer: 'class',
      emptyClass: 'perfect',
      classWeights,
      weightMode: 'mean',
    })
    const logits = mode === 'multiclass' ? 'softmax' : 'sigmoid'
    const spec = criterion({
      activation: fromLogits ? logits : 'none',
      classes,
      ignoreIndex,
      regions: mode === 'multiclass' ? labelRegions(classes) : undefined,
      terms: [term],
    })
    return { jobs: [{ spec, grid, ...tensors }], undefinedTerm: allZero(classWeights) ? 0 : undefined }
  }
}

/** The classes as listed. */
function countedClasses(listed: readonly number[] | undefined, classes: number): readonly number[] {
  if (listed === undefined) return classIds(classes)
  const wrong = listed.find((c) => c >= classes)
  if (wrong === undefined) return listed
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'classes',
    expected: `classes from 0 to ${classes - 1}`,
    actual: `${wrong}`,
    remedy: 'classes are counted from 0, in the order of the channels',
  })
}

/** The weight of each class times how often it is listed; `undefined`: all 1. */
function listedWeights(
  weights: readonly number[] | undefined,
  listed: readonly number[],
  classes: number,
): number[] | undefined {
  const times = (c: number): number => listed.filter((other) => other === c).length
  if (weights === undefined && listed.every((c) => times(c) === 1)) return undefined
  return classIds(classes).map((c) => (weights?.[c] ?? 1) * times(c))
}

/**
 * `DiceLoss` of segmentation-models-pytorch 0.5, per class of the whole batch
 *
 *     score = (I + s)/max(I + ½·FP + ½·FN + s, ε),   I = (P + G − Σ|p − g|)/2, FP = P − I, FN = G − I
 *
 * and the mean over the classes of `1 − score`, or of `−log score`. s stands beside I, so that 1 here is 2 beside 2I. A class
 * without a pixel in the target has loss 0 and counts in the mean.
 */
export interface DiceLossOptions extends SmpRegionOptions {}

/** {@inheritDoc DiceLossOptions} */
export const DiceLoss: Convention<DiceLossOptions> = convention('smp.DiceLoss', REGION, (options) =>
  arrange(options, { alpha: 0.5, beta: 0.5, gamma: 1 }),
)

/** `JaccardLoss` of segmentation-models-pytorch 0.5: `DiceLoss` with the score `(I + s)/max(I + FP + FN + s, ε)`. */
export interface JaccardLossOptions extends SmpRegionOptions {}

/** {@inheritDoc JaccardLossOptions} */
export const JaccardLoss: Convention<JaccardLossOptions> = convention('smp.JaccardLoss', REGION, (options) =>
  arrange(options, { alpha: 1, beta: 1, gamma: 1 }),
)

/**
 * `TverskyLoss` of segmentation-models-pytorch 0.5: `DiceLoss` with the score `(I + s)/max(I + α·FP + β·FN + s, ε)`, and the mean over
 * the classes (not each class) to the power of γ.
 */
export interface TverskyLossOptions extends SmpRegionOptions {
  /** α ≥ 0, weight of false positives. Default 0.5. */
  readonly alpha?: number | undefined
  /** β ≥ 0, weight of false negatives. Default 0.5. */
  readonly beta?: number | undefined
  /** γ ≥ 0. Default 1. */
  readonly gamma?: number | undefined
}

/** {@inheritDoc TverskyLossOptions} */
export const TverskyLoss: Convention<TverskyLossOptions> = convention(
  'smp.TverskyLoss',
  {
    ...REGION,
    alpha: number(0.5, NON_NEGATIVE),
    beta: number(0.5, NON_NEGATIVE),
    gamma: number(1, NON_NEGATIVE),
  },
  (options) => arrange(options, options),
)
