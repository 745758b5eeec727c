/** smp's soft scores: functions of two tensors, without a gradient. */
import { NON_NEGATIVE } from '../../options.ts'
import type { TensorLike } from '../../tensor.ts'
import { axesOf, channelsFirst, permuteInput, planes, reshapeInput } from '../arrange.ts'
import { ConventionEvaluation, type Arrange, type Entry } from '../convention.ts'
import { permute, reshape, size } from '../path.ts'
import { axes, namesOf, number, orNull, readAll, requiredNumber, type Given, type Read, type Table } from '../reader.ts'
import { criterion, region } from '../terms.ts'

/** What the three functions take. */
export interface SoftScoreOptions {
  /** s ≥ 0. Default 0. */
  readonly smooth?: number | undefined
  /** ε ≥ 0, below which no denominator is. Default 1e-7. */
  readonly eps?: number | undefined
  /** The axes that are summed. Default `null`: all. */
  readonly dims?: number | ArrayLike<number> | null | undefined
}

/** Weights of the errors, both required as in smp. */
export interface SoftTverskyScoreOptions extends SoftScoreOptions {
  /** α ≥ 0, weight of false positives. */
  readonly alpha: number
  /** β ≥ 0, weight of false negatives. */
  readonly beta: number
}

const SCORE = { smooth: number(0, NON_NEGATIVE), eps: number(1e-7, NON_NEGATIVE), dims: orNull(axes) }
const TVERSKY = { ...SCORE, alpha: requiredNumber(NON_NEGATIVE), beta: requiredNumber(NON_NEGATIVE) }

/** `(I + s)/max(I + α·FP + β·FN + s, ε)`, of the elements along the axes that are summed. */
function arrange({ smooth, eps, dims, alpha, beta }: Read<typeof TVERSKY>): Arrange {
  const term = region({
    classes: [0],
    form: 'absolute',
    transform: 'negative',
    scale: 1,
    alpha,
    beta,
    smoothNumerator: smooth,
    smoothDenominator: smooth,
    floor: eps,
  })
  const spec = criterion({ classes: 1, terms: [term] })
  return ({ prediction, target }) => {
    const { shape } = prediction
    const every = shape.map((_, axis) => axis)
    const summed = dims === undefined ? every : axesOf(dims, shape.length, 'dims')
    const kept = every.filter((axis) => !summed.includes(axis))
    const order = [...kept, ...summed]
    const valuesShape = kept.map((axis) => shape[axis] as number)
    const cells = size(valuesShape)
    const wanted = [cells, 1, size(shape) / cells]
    const grid = channelsFirst(reshape(permute(prediction, order), wanted))
    const permuted = permuteInput(reshapeInput(target, shape), shape, order)
    return {
      jobs: [{ spec, grid, ...planes(reshapeInput(permuted, wanted), grid), pixelWeights: undefined }],
      valuesShape,
    }
  }
}

/** One score, or with `dims` that leave axes one each. */
type Scores = number | Float64Array<ArrayBuffer>

function score<Readers extends Table>(
  name: string,
  table: Readers,
  arrangeOf: (options: Read<Readers>) => Arrange,
): Entry<(prediction: TensorLike, target: TensorLike, options?: Given<Readers>) => Scores> {
  const names = namesOf(`conventions.smp.${name}`, table)
  return (source) => (prediction, target, options) => {
    const evaluation = new ConventionEvaluation(names.owner, arrangeOf(readAll(names.parse(options), table)), source)
    const shape = ArrayBuffer.isView(prediction) ? [(prediction as Float64Array).length] : undefined
    const { values, valuesShape } = evaluation.evaluate(prediction, target, { shape })
    const scores = values.map((value) => 0 - value)
    return valuesShape.length === 0 ? (scores[0] as number) : scores
  }
}

/**
 * `soft_dice_score` of segmentation-models-pytorch 0.5, of tensors of the same shape (a bare array has one axis):
 *
 *     (I + s)/max(I + ½·FP + ½·FN + s, ε),   I = (P + G − Σ|p − g|)/2, FP = P − I, FN = G − I
 *
 * One number; with `dims` that leave axes one each, in their order.
 */
export const softDiceScore: Entry<(prediction: TensorLike, target: TensorLike, options?: SoftScoreOptions) => Scores> =
  score('softDiceScore', SCORE, (options) => arrange({ ...options, alpha: 0.5, beta: 0.5 }))

/** `soft_jaccard_score` of segmentation-models-pytorch 0.5: as `softDiceScore`, `(I + s)/max(I + FP + FN + s, ε)`. */
export const softJaccardScore: Entry<
  (prediction: TensorLike, target: TensorLike, options?: SoftScoreOptions) => Scores
> = score('softJaccardScore', SCORE, (options) => arrange({ ...options, alpha: 1, beta: 1 }))

/** `soft_tversky_score` of segmentation-models-pytorch 0.5: as `softDiceScore`, `(I + s)/max(I + α·FP + β·FN + s, ε)`. */
export const softTverskyScore: Entry<
  (prediction: TensorLike, target: TensorLike, options: SoftTverskyScoreOptions) => Scores
> = score('softTverskyScore', TVERSKY, arrange)
