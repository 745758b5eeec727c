/**
 * What a convention is: another library's loss under that library's name, with its option names in camelCase and its defaults, as
 * one of our criteria. A convention reads options (`reader.ts`), says how the library's tensors lie (`arrange.ts`,
 * `path.ts`), and which terms an engine computes on them (`terms.ts`). All computing is the engine's.
 */
import {
  accumulateOf,
  CALL_SLOTS,
  CALL_TABLE,
  gradientOf,
  gradientScaleOf,
  newFloat64Array,
  PIXEL_WEIGHTS,
  refuseOverlap,
  SHAPE,
  shapeOf,
  threadsOf,
} from '../call.ts'
import { predictionArray } from '../convert.ts'
import type { CriterionSpec, Engine, EngineCriterion, EngineSource, Fault, FloatArray, Outcome } from '../engine.ts'
import { faultError } from '../faults.ts'
import { checkLimits } from '../losses/limits.ts'
import { OptionNames } from '../options.ts'
import type { CallOptions, Evaluated, GradientOption, LossResult } from '../result.ts'
import { checkLength, copyShape, recognize, type Tensor, type TensorLike } from '../tensor.ts'
import { valuesShapeOf } from '../values.ts'
import type { Grid, Input, Inputs, Target } from './arrange.ts'
import { size } from './path.ts'
import { namesOf, readAll, type Given, type Read, type Table } from './reader.ts'

/** On what a convention is evaluated: the call options of our losses, and a mask. */
export interface ConventionCallOptions<Gradient extends GradientOption = GradientOption> extends CallOptions<Gradient> {
  /**
   * The mask or sample weights of libraries that name them so: one factor ≥ 0 a pixel, broadcast to the pixels where an extent
   * is 1, and multiplied with `pixelWeights`. A pixel of 0 is not read. Default: 1 everywhere.
   */
  readonly mask?: TensorLike | undefined
}

/** The losses a compound is made of, by name, each before its weight; absent for a plain loss. */
export interface SomeTerms {
  readonly terms?: Readonly<Record<string, number>>
}

/** A library's loss, its options read. It applies no check of probabilities: it computes with what comes, as the library does. */
export interface ConventionCriterion {
  /**
   * Evaluates the loss. `values` and `valuesShape` are what the library returns: one number of shape `[]` where it reduces.
   * @param prediction - In the shape the library takes: float32, float64 or float16.
   * @param target - In the shape the library takes.
   * @param options - `shape` is required for a bare typed array; `pixelWeights` and `mask` broadcast to the pixels.
   * @throws {MasklossTypeError} For a wrong kind of argument or contradictory options, before anything is written.
   * @throws {MasklossRangeError} For shapes that disagree, for labels that are no class, and for numbers of the options that single
   *   precision has no room for.
   */
  evaluate<Prediction extends TensorLike, const Gradient extends GradientOption = undefined>(
    prediction: Prediction,
    target: TensorLike,
    options?: ConventionCallOptions<Gradient>,
  ): Evaluated<Prediction, Gradient, never> & SomeTerms
}

/** Makes something for an engine; `conventions` has it made for its own. */
export type Entry<Made> = (source: EngineSource) => Made

/** A loss of a library: called without `new`, with the library's own options. Optional where no option is required. */
export type Convention<Options> = Entry<
  Record<string, never> extends Options
    ? (options?: Options) => ConventionCriterion
    : (options: Options) => ConventionCriterion
>

/** One evaluation by an engine: what it computes, and on what. */
export interface Job extends Target {
  readonly spec: CriterionSpec
  /** What computes instead of an engine where a library's quirk is none of its terms; `spec` then says how values lie. */
  readonly own?: EngineCriterion | undefined
  readonly grid: Grid
  readonly pixelWeights: FloatArray | undefined
  /** The names of a compound's terms in the result (those of one name are summed), each with the part of its term's weight that is not the compound's. */
  readonly names?: readonly (readonly [name: string, factor: number])[] | undefined
}

/** What a loss is for tensors of some shapes. */
export interface Arrangement {
  /** The loss is the sum of these; several where terms of a compound take different activations. */
  readonly jobs: readonly Job[]
  /** From the sum of the jobs to the library's loss, where it adds something to it. */
  readonly loss?: ((sum: number) => number) | undefined
  /**
   * The term, counted over the jobs, that is a mean of nothing here: 0/0, where an engine has 0. It is NaN then, and so is the loss;
   * the gradient is 0.
   */
  readonly undefinedTerm?: number | undefined
  /** The axes of what the library returns. `undefined`: one number, the loss. */
  readonly valuesShape?: readonly number[] | undefined
  /**
   * What the library returns, from the values of each job's first term, times that term's weight. By default those of the
   * first job.
   */
  readonly values?: ((jobs: readonly Float64Array<ArrayBuffer>[]) => Float64Array<ArrayBuffer>) | undefined
}

/** Two jobs as one where they read the same with the same activation and weights, so that an engine reads once. */
export function together(first: Job, second: Job): Job[] {
  const same =
    first.grid.path === second.grid.path &&
    first.grid.classes === second.grid.classes &&
    first.target === second.target &&
    first.perClass === second.perClass &&
    first.pixelWeights === second.pixelWeights &&
    first.spec.activation === second.spec.activation &&
    first.spec.ignoreIndex === second.spec.ignoreIndex &&
    first.spec.regions === second.spec.regions &&
    first.own === second.own
  if (!same) return [first, second]
  const terms = [...first.spec.terms, ...second.spec.terms]
  return [{ ...first, spec: { ...first.spec, terms }, names: [...(first.names ?? []), ...(second.names ?? [])] }]
}

/** From the tensors of a call to what is computed. */
export type Arrange = (inputs: Inputs) => Arrangement

/** How many sets of terms a criterion keeps. */
const MOST_COMPILED = 32
/** The slot of `mask`, behind those of our own losses. */
const MASK = CALL_SLOTS

/**
 * Defines a loss of a library.
 * @param name - `'monai.DiceLoss'`.
 * @param table - A reader with the library's default for every option it has.
 * @param define - What the options mean: checks what does not depend on tensors, and returns the rest.
 */
export function convention<Readers extends Table>(
  name: string,
  table: Readers,
  define: (options: Read<Readers>, name: string) => Arrange,
): Entry<(options?: Given<Readers>) => ConventionCriterion> {
  const names = namesOf(`conventions.${name}`, table)
  return (source) => (options) =>
    new ConventionEvaluation(names.owner, define(readAll(names.parse(options), table), names.owner), source)
}

/** A criterion of a convention at work: compiles each set of terms once. */
export class ConventionEvaluation implements ConventionCriterion {
  /** `'conventions.monai.DiceLoss'` */
  readonly name: string
  readonly #arrange: Arrange
  readonly #source: EngineSource
  readonly #names: OptionNames
  readonly #compiled: Map<string, EngineCriterion> = new Map()

  constructor(name: string, arrange: Arrange, source: EngineSource) {
    this.#arrange = arrange
    this.#source = source
    this.name = name
    this.#names = new OptionNames(`${name}.evaluate`, { ...CALL_TABLE, mask: 'tensor' })
  }

  evaluate<Prediction extends TensorLike, const Gradient extends GradientOption = undefined>(
    prediction: Prediction,
    target: TensorLike,
    options?: ConventionCallOptions<Gradient>,
  ): Evaluated<Prediction, Gradient, never> & SomeTerms {
    const call = this.#names.read(options)
    // All code of the caller runs in these lines; from here on nothing can change a length or detach a buffer.
    const predicted = recognize(prediction, 'prediction')
    const reference = recognize(target, 'target')
    const weights = optional(call[PIXEL_WEIGHTS], 'pixelWeights')
    const mask = optional(call[MASK], 'mask')
    const threads = threadsOf(call)
    const gradientScale = gradientScaleOf(call)
    const accumulate = accumulateOf(call)

    const given = shapeOf(predicted, call[SHAPE])
    const shape = predicted.shape ?? copyShape(given, 'shape')
    const length = size(shape)
    checkLength(predicted.data, length, shape, 'prediction')
    const path = { data: predictionArray(predicted), shape, back: undefined }
    const inputs = { prediction: path, target: { name: 'target', tensor: reference }, pixelWeights: weights, mask }
    const arrangement = this.#arrange(inputs)
    const gradient = gradientOf(call, predicted.dtype, shape, length)
    if (gradient !== undefined) refuseOverlap(gradient, tensorsOf(predicted, inputs))
    const result = this.#sum(arrangement, gradient, { gradientScale, accumulate, threads })
    return result as Evaluated<Prediction, Gradient, never> & SomeTerms
  }

  #sum(arrangement: Arrangement, gradient: FloatArray | undefined, call: Call): LossResult & SomeTerms {
    const engine = this.#source.engine()
    // All are compiled, and their numbers and weights checked, before the first writes.
    const criteria = arrangement.jobs.map((job) => job.own ?? this.#compile(job.spec, engine))
    for (const job of arrangement.jobs) if (job.own !== undefined || arrangement.jobs.length > 1) checkWeights(job)
    const results = arrangement.jobs.map((job, index) =>
      run(job, criteria[index] as EngineCriterion, gradient, { ...call, accumulate: call.accumulate || index > 0 }),
    )
    const { valuesShape, values = first, loss: finish = (sum) => sum, undefinedTerm } = arrangement
    const loss = undefinedTerm === undefined ? finish(results.reduce((sum, result) => sum + result.loss, 0)) : NaN
    const names = arrangement.jobs.flatMap((job) => job.names ?? [])
    const terms = results.flatMap((result) => [...result.terms])
    if (undefinedTerm !== undefined) terms[undefinedTerm] = NaN
    return {
      loss,
      values: valuesShape === undefined ? Float64Array.of(loss) : values(results.map((result) => result.values)),
      valuesShape: valuesShape ?? [],
      nonFinite: results.reduce((most, result) => Math.max(most, result.nonFinite), 0),
      numerics: engine.runtime().numerics,
      ...(names.length > 0 ? { terms: namedTerms(names, terms) } : {}),
      ...(gradient === undefined ? {} : { gradient }),
    }
  }

  /** Terms depend on few things of a call: the number of classes, how the target is written; of some libraries on weights. */
  #compile(spec: CriterionSpec, engine: Engine): EngineCriterion {
    const key = JSON.stringify(spec)
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    for (const term of spec.terms) checkLimits(term, this.name)
    const compiled = engine.compile(spec)
    // Weights that come from a target differ from call to call.
    if (this.#compiled.size === MOST_COMPILED) this.#compiled.clear()
    this.#compiled.set(key, compiled)
    return compiled
  }
}

const first = (jobs: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> =>
  jobs[0] as Float64Array<ArrayBuffer>

/** How a call wants its gradient. */
interface Call {
  readonly gradientScale: number
  readonly accumulate: boolean
  readonly threads: number
}

/** What came out of one job. */
interface JobResult extends Outcome {
  readonly values: Float64Array<ArrayBuffer>
  readonly terms: Float64Array
}

/** Refuses the weights an engine refuses, those beyond single precision among them: for what no engine computes, and for jobs that are not the first. */
function checkWeights(job: Job): void {
  const { pixels } = job.grid
  const index = job.pixelWeights?.findIndex((m) => !(m >= 0 && Math.fround(m) < Infinity)) ?? -1
  if (index < 0) return
  const value = job.pixelWeights?.[index] as number
  throw refusal(job, {
    fault: 'pixel-weight',
    value,
    sample: Math.floor(index / pixels),
    class: 0,
    pixel: index % pixels,
  })
}

/** The error for what is wrong in the data of a job. To be thrown. */
function refusal({ spec, grid }: Job, fault: Fault): Error {
  const plan = { activations: [], ignoreIndex: spec.ignoreIndex, maskValue: spec.maskValue }
  return faultError(fault, { geometry: grid, plan, channelsLastLikely: false, foreign: true })
}

/** Evaluates one job. Where its prediction came by steps, the gradient goes back by them through memory of its own. */
function run(job: Job, criterion: EngineCriterion, gradient: FloatArray | undefined, call: Call): JobResult {
  const { spec, grid, target, perClass, pixelWeights } = job
  const { path, samples, pixels, channelsLast } = grid
  const values = newFloat64Array(size(valuesShapeOf(spec, grid)), 'values')
  const terms = new Float64Array(spec.terms.length)
  const { back } = path
  // What is multiplied by 0 has no part in the gradient, whatever the slopes of the steps are.
  const slopes = spec.terms.some(({ weight }) => call.gradientScale * weight !== 0) ? gradient : undefined
  const own = slopes === undefined || back === undefined ? slopes : scratch(slopes, path.data.length)
  const outcome = criterion.evaluate({
    prediction: path.data,
    samples,
    pixels,
    channelsLast,
    target,
    perClass,
    pixelWeights,
    gradient: own,
    gradientScale: call.gradientScale,
    accumulate: back === undefined && call.accumulate,
    values,
    terms,
    threads: call.threads,
  })
  if (outcome.fault !== undefined) throw refusal(job, outcome)
  if (slopes === undefined && !call.accumulate) gradient?.fill(0)
  if (slopes !== undefined && own !== undefined && back !== undefined) write(back(own), slopes, call.accumulate)
  const { weight } = spec.terms[0] as CriterionSpec['terms'][number]
  if (weight !== 1)
    for (let index = 0; index < values.length; index += 1) values[index] = weight * (values[index] as number)
  return { ...outcome, values, terms }
}

function scratch(gradient: FloatArray, length: number): FloatArray {
  return gradient instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)
}

function write(from: FloatArray, to: FloatArray, accumulate: boolean): void {
  if (!accumulate) return to.set(from)
  for (let index = 0; index < to.length; index += 1) to[index] = (to[index] as number) + (from[index] as number)
}

function namedTerms(
  names: readonly (readonly [name: string, factor: number])[],
  terms: readonly number[],
): Record<string, number> {
  const named: Record<string, number> = {}
  for (const [index, [name, factor]] of names.entries()) {
    named[name] = (named[name] ?? 0) + factor * (terms[index] as number)
  }
  return named
}

function optional(value: unknown, name: string): Input | undefined {
  return value === undefined ? undefined : { name, tensor: recognize(value, name) }
}

function tensorsOf(prediction: Tensor, inputs: Inputs): Record<string, Tensor | undefined> {
  const { target, pixelWeights, mask } = inputs
  return { prediction, target: target.tensor, pixelWeights: pixelWeights?.tensor, mask: mask?.tensor }
}
