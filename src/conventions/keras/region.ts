/** Keras's Dice and Tversky losses. */
import type { RegionTerm, ScorePer } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import {
  channelsFirst,
  channelsLast,
  elements,
  planes,
  reshapeInput,
  type Grid,
  type Inputs,
  type Target,
} from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { reshape, size } from '../path.ts'
import { axes, number, orNull, type Read } from '../reader.ts'
import { classIds, criterion, region } from '../terms.ts'
import { EPSILON, pooled, type Pooled } from './common.ts'
import { REDUCTION, weigh, type KerasReductionOptions, type Weighing } from './reduction.ts'

/** What both take. */
export interface KerasRegionOptions extends KerasReductionOptions {
  /**
   * The axes that one score sums over; the others have a loss for each of their elements, and the sample weights multiply those. Default
   * `null`: all axes, samples and classes too, which makes one loss. For `[N, H, W, C]` `[1, 2]` gives one a sample and class.
   */
  readonly axis?: number | ArrayLike<number> | null | undefined
}

const REGION = { ...REDUCTION, axis: orNull(axes) }

/** Where the axes that are kept are the samples', the classes' or both, an engine reads the tensors as they lie. */
const AS_THEY_LIE: Readonly<Record<string, ScorePer>> = {
  '': 'batch',
  first: 'sample',
  last: 'class',
  'first,last': 'sample-class',
}

function arrange(inputs: Inputs, { axis, reduction }: Read<typeof REGION>, score: Partial<RegionTerm>): Arrangement {
  const tensors = pooled(inputs, axis)
  const weighing = weigh(inputs, tensors.cells, reduction)
  const { grid, target, scorePer } = arranged(tensors, weighing)
  const term = region({
    ...score,
    classes: classIds(grid.classes),
    smoothDenominator: EPSILON,
    scorePer,
    classWeights: weighing.factors && [...weighing.factors],
    reduction: weighing.reduction,
  })
  const spec = criterion({ classes: grid.classes, terms: [term] })
  return {
    jobs: [{ spec, grid, ...target, pixelWeights: undefined }],
    valuesShape: weighing.valuesShape,
    values: weighing.values,
  }
}

/** Tensors as an engine reads them, and what one score is made of: with weights every cell is a class, which can have one. */
function arranged(tensors: Pooled, { factors }: Weighing): { grid: Grid; target: Target; scorePer: ScorePer } {
  const { prediction, target, kept, cells } = tensors
  const last = prediction.shape.length - 1
  const names = kept.map((axis) => (axis === 0 ? 'first' : axis === last ? 'last' : 'between')).join()
  const scorePer = factors === undefined ? AS_THEY_LIE[names] : undefined
  if (scorePer !== undefined) {
    const grid = kept.length === 0 ? elements(prediction) : channelsLast(prediction)
    return { grid, target: planes(target, grid), scorePer }
  }
  const ordered = tensors.ordered()
  const shape = [1, size(cells), size(prediction.shape) / size(cells)]
  const grid = channelsFirst(reshape(ordered.prediction, shape))
  return { grid, target: planes(reshapeInput(ordered.target, shape), grid), scorePer: 'sample-class' }
}

/**
 * `Dice` of Keras 3, from probabilities,
 *
 *     ℓ = 1 − 2I/(P + G + 1e-7),   I = Σ p·g, P = Σ p, G = Σ g
 *
 * Without anything in the numerator, nothing in both has loss 1.
 */
export interface DiceOptions extends KerasRegionOptions {}

/** {@inheritDoc DiceOptions} */
export const Dice: Convention<DiceOptions> = convention(
  'keras.Dice',
  REGION,
  (options) => (inputs) => arrange(inputs, options, {}),
)

/**
 * `Tversky` of Keras 3, from probabilities: `ℓ = 1 − I/(I + α·FP + β·FN + 1e-7)`, FP = P − I, FN = G − I.
 *
 * α weighs false positives, as Keras documents it and its main branch computes it; in Keras 3.15.1 and before α and β are exchanged.
 */
export interface TverskyOptions extends KerasRegionOptions {
  /** α ≥ 0. Default 0.5. */
  readonly alpha?: number | undefined
  /** β ≥ 0. Default 0.5. */
  readonly beta?: number | undefined
}

/** {@inheritDoc TverskyOptions} */
export const Tversky: Convention<TverskyOptions> = convention(
  'keras.Tversky',
  { ...REGION, alpha: number(0.5, NON_NEGATIVE), beta: number(0.5, NON_NEGATIVE) },
  (options) => (inputs) => arrange(inputs, options, { scale: 1, alpha: options.alpha, beta: options.beta }),
)
