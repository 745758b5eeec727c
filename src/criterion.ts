/** The two habits: a function for a single call, a criterion for a loop. A function is a criterion and `evaluate`. */
import { CALL_SLOTS, CALL_TABLE, NO_CALL_OPTIONS } from './call.ts'
import { describe } from './describe.ts'
import type { EngineSource } from './engine.ts'
import { masklossError } from './errors.ts'
import { Evaluation, type Warned } from './evaluation.ts'
import type { Loss, Plan } from './loss.ts'
import { OPTION_HOMES } from './losses/homes.ts'
import { OptionNames, OptionValues, sameValues } from './options.ts'
import type { CallOptions, Evaluated, GradientOption } from './result.ts'
import type { TensorLike } from './tensor.ts'

/** A loss as a function: its own options and those of the call in one object. */
export interface LossFunction<Options, Terms extends string = never> {
  /**
   * @param prediction - Logits or probabilities, as `activation` says: float32, float64 or float16. The native
   *   engine reads float64 as float32 (beyond its range: infinite); `maskloss/reference` computes in float64.
   * @param target - Labels (the prediction's shape without the class axis) or one plane a class (the prediction's shape).
   * @param options - What is computed, and on what. `activation` is required; `shape` too for a bare typed array.
   * @throws {MasklossTypeError} For a wrong kind of argument or contradictory options, before anything is written.
   * @throws {MasklossRangeError} For shapes that disagree and for data outside its range, before anything is written.
   */
  <Prediction extends TensorLike, const Gradient extends GradientOption = undefined>(
    prediction: Prediction,
    target: TensorLike,
    options: Options & CallOptions<Gradient>,
  ): Evaluated<Prediction, Gradient, Terms>
}

const CALL_HOMES = new Map(
  Object.keys(CALL_TABLE).map((name) => [name, `${name} belongs to the call: pass it to evaluate`]),
)

/** What a criterion is made of: its options, read, and where its engine comes from. */
export interface Origin {
  readonly plan: Plan
  readonly source: EngineSource
}

const ORIGINS = new WeakMap<object, Origin>()

/** What a criterion is made of; throws for anything that is none of this copy of maskloss. `argument` is its name in errors. */
export function originOf(criterion: unknown, argument: string): Origin {
  const origin = typeof criterion === 'object' && criterion !== null ? ORIGINS.get(criterion) : undefined
  if (origin !== undefined) return origin
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_TYPE',
    argument,
    expected: 'a criterion of maskloss',
    actual: describe(criterion),
    remedy: 'pass for example new DiceLoss(…)',
  })
}

/** A loss whose options were read and checked once, for use in a loop. */
export class LossCriterion<Options, Terms extends string = never> {
  readonly #evaluation: Evaluation
  readonly #callNames: OptionNames

  protected constructor(loss: Loss<Options, Terms>, options: Options, source: EngineSource) {
    const owner = `${loss.name.charAt(0).toUpperCase()}${loss.name.slice(1)}`
    const table: Loss<object>['table'] = loss.table
    const names = new OptionNames(owner, table, new Map([...OPTION_HOMES, ...CALL_HOMES]))
    const plan = loss.parse(names.parse(options))
    ORIGINS.set(this, { plan, source })
    const homes = names.names.map(
      (name) => [name, `${name} belongs to the criterion: pass it to its constructor`] as const,
    )
    this.#callNames = new OptionNames(`${owner}.evaluate`, CALL_TABLE, new Map([...OPTION_HOMES, ...homes]))
    this.#evaluation = new Evaluation(plan, source, owner, { warned: false })
  }

  /**
   * Evaluates the criterion.
   * @param prediction - Logits or probabilities, as `activation` says: float32, float64 or float16. The native
   *   engine reads float64 as float32 (beyond its range: infinite); `maskloss/reference` computes in float64.
   * @param target - Labels (the prediction's shape without the class axis) or one plane a class (the prediction's shape).
   * @param options - On what: `shape` is required for a bare typed array.
   * @throws {MasklossTypeError} For a wrong kind of argument or contradictory options, before anything is written.
   * @throws {MasklossRangeError} For shapes that disagree and for data outside its range, before anything is written.
   */
  evaluate<Prediction extends TensorLike, const Gradient extends GradientOption = undefined>(
    prediction: Prediction,
    target: TensorLike,
    options?: CallOptions<Gradient>,
  ): Evaluated<Prediction, Gradient, Terms> {
    const call = options === undefined ? NO_CALL_OPTIONS : this.#callNames.read(options)
    return this.#evaluation.evaluate(prediction, target, call) as Evaluated<Prediction, Gradient, Terms>
  }
}

/** How many sets of options a function remembers, so that a loop over a few of them does not check each time again. */
const REMEMBERED = 8

interface Remembered {
  readonly values: readonly unknown[]
  readonly evaluation: Evaluation
}

/** Makes the function of a loss. */
export function lossFunction<Options, Terms extends string = never>(
  loss: Loss<Options, Terms>,
  source: EngineSource,
): LossFunction<Options, Terms> {
  const table: Loss<object>['table'] = loss.table
  const names = new OptionNames(loss.name, { ...CALL_TABLE, ...table }, OPTION_HOMES)
  const warned: Warned = { warned: false }
  const remembered: Remembered[] = []
  let last: Remembered | undefined
  let oldest = 0

  const find = (values: readonly unknown[]): Remembered => {
    for (const entry of remembered) if (sameValues(entry.values, values, CALL_SLOTS)) return entry
    const plan = loss.parse(new OptionValues(names, values, ''))
    // The call's own arrays are not kept alive.
    const kept = [...NO_CALL_OPTIONS, ...values.slice(CALL_SLOTS)]
    const entry = { values: kept, evaluation: new Evaluation(plan, source, loss.name, warned) }
    remembered[oldest] = entry
    oldest = (oldest + 1) % REMEMBERED
    return entry
  }
  const evaluate = (prediction: unknown, target: unknown, options: unknown): unknown => {
    const values = names.read(options)
    if (last === undefined || !sameValues(last.values, values, CALL_SLOTS)) last = find(values)
    return last.evaluation.evaluate(prediction, target, values)
  }
  Object.defineProperty(evaluate, 'name', { value: loss.name })
  return evaluate as LossFunction<Options, Terms>
}
