/** Hard scores of a prediction: Dice, IoU, precision and recall, from counts of pixels. */
import type { EngineSource } from './engine.ts'
import { OptionNames, OptionValues } from './options.ts'
import { countCases } from './score-counts.ts'
import {
  parseScore,
  SCORE_CALL_TABLE,
  SCORE_TABLE,
  type ScoreCallOptions,
  type ScoreOptions,
  type ScorePlan,
} from './score-options.ts'
import { pool, reported, scoreResult, type CaseCounts, type ScoreResult } from './score-result.ts'
import type { TensorLike } from './tensor.ts'

/** `score`: hard scores of a prediction against a reference. */
export interface ScoreFunction {
  /**
   * Counts, per case (sample) and label, the pixels that prediction and reference have in common and those that only one
   * of them has, and returns
   *
   *     dice = 2·TP / (2·TP + FP + FN)     iou = TP / (TP + FP + FN)
   *     precision = TP / (TP + FP)         recall = TP / (TP + FN)
   *
   * The prediction is a label map, or class scores whose largest wins or that are compared with a threshold. Counts are
   * exact at any size; a score of nothing by nothing goes by `emptyClass`.
   *
   *     const { mean } = score(predicted, labels, { layout: 'DHW', shape: [64, 256, 256] })
   *     const { dice } = score(logits, labels, { shape: [8, 4, 512, 512], includeBackground: true })
   *
   * @param prediction - Labels (any integers, or whole-numbered floats) or class scores (floats; logits or probabilities).
   * @param reference - Labels, of the prediction's shape without the class axis, or one plane a class.
   * @param options - What is scored; `shape` is required for a bare typed array.
   * @throws {MasklossTypeError} For a wrong kind of argument or contradictory options.
   * @throws {MasklossRangeError} For shapes that disagree, and for labels that are no integers or no class.
   */
  (prediction: TensorLike, reference: TensorLike, options?: ScoreOptions & ScoreCallOptions): ScoreResult
}

/** Makes the function on an engine. */
export function scoreFunction(source: EngineSource): ScoreFunction {
  const names = new OptionNames('score', { ...SCORE_CALL_TABLE, ...SCORE_TABLE })
  return function score(prediction, reference, options) {
    const values = names.read(options)
    const read = new OptionValues(names, values, '')
    const plan = parseScore(read)
    const engine = source.engine()
    const rows = countCases(plan, engine, prediction, reference, values, threadsOf(read))
    return scoresOf(plan, rows, rows.length, engine.runtime().numerics)
  }
}

/** The upper bound of threads; 0: the process's. */
export function threadsOf(options: OptionValues): number {
  return options.number('threads', { integer: true, min: 1 }) ?? 0
}

/** Scores of rows, pooled if asked for. */
export function scoresOf(plan: ScorePlan, rows: readonly CaseCounts[], cases: number, numerics: string): ScoreResult {
  const counted = plan.pooled ? [pool(rows)] : rows
  return scoreResult(plan, reported(counted), counted, cases, numerics)
}
