/**
 * The native engine, and what happens without it. The only importer of the generated binding.
 *
 * The binary is looked for at the first call. Where no package has one for this platform, the plain TypeScript engine takes over
 * with one warning; a binary that is there and does not load is an error. `MASKLOSS_BACKEND=native|reference` forces either,
 * `MASKLOSS_SIMD` a SIMD level, `MASKLOSS_THREADS` the threads of the process.
 */
import { createRequire } from 'node:module'

import type * as Binding from '../native/index.d.ts'
import type {
  CountCall,
  CriterionSpec,
  Engine,
  EngineCriterion,
  EngineRuntime,
  EngineSource,
  EvaluateCall,
  Fault,
  LabelArray,
  Outcome,
} from './engine.ts'
import { masklossError } from './errors.ts'
import { planOf, regionsPlan } from './plan.ts'
import { reference } from './reference/engine.ts'
import { NUMERICS, VERSION } from './version.ts'
import { warn } from './warning.ts'

/** What the generated binding exports. */
export type NativeBinding = typeof Binding

/** The binding's status numbers, from 1. */
const FAULTS = [
  'pixel-weight',
  'label-not-integer',
  'label-out-of-range',
  'target-out-of-range',
  'prediction-out-of-range',
  'prediction-sum',
  'overlap',
] as const

/** Room in a report before the losses of the terms: loss and non-finite values, or value, sample, class and pixel. */
const REPORT = 2
const FAULT_REPORT = 4
/** What a call says before the report: samples, pixels, channelsLast, perClass, gradientScale, accumulate, threads. */
const CALL = 7
/**
 * Values that come back in the report and are copied: so many lie inside the object of a new array, and showing that to
 * native code would move them out.
 */
const FEW_VALUES = 8

/** Where the face finds the native engine, or its stand-in. */
export const native: EngineSource = { engine: () => (loaded ??= load()) }

let loaded: Engine | undefined

/** The binding itself, where there is one: for the readers of files. */
export function nativeBinding(): NativeBinding | undefined {
  return native.engine() instanceof NativeEngine ? requireBinding() : undefined
}

function load(): Engine {
  const wanted = choice('MASKLOSS_BACKEND', ['native', 'reference'])
  if (wanted === 'reference') return reference.engine()
  try {
    return new NativeEngine(requireBinding())
  } catch (error) {
    const missing = isMissing(error)
    if (missing && wanted === undefined) {
      const platform = `${process.platform}-${process.arch}`
      warn(
        `No maskloss binary for ${platform}: the plain TypeScript engine computes, more slowly. ${REMEDY}`,
        'MASKLOSS_NO_BINARY',
      )
      return reference.engine()
    }
    if (error instanceof TypeError && 'code' in error) throw error
    throw masklossError({
      code: 'ERR_MASKLOSS_BACKEND',
      argument: 'MASKLOSS_BACKEND',
      expected: `a native binary for ${process.platform}-${process.arch} that loads`,
      actual: missing ? 'none' : `one that fails (${reasonOf(error)})`,
      remedy: REMEDY,
      cause: error,
    })
  }
}

const REMEDY =
  'install again without omitting optional dependencies (npm install --include=optional), build it in a source checkout ' +
  '(npm run build, with Rust), or set MASKLOSS_BACKEND=reference'

function requireBinding(): NativeBinding {
  return createRequire(import.meta.url)('../native/index.cjs') as NativeBinding
}

/** Nothing but modules that do not exist stands behind the error. */
function isMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const isLoader = cause.message.startsWith('Cannot find native binding')
    if (!isLoader && (cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') return false
  }
  return true
}

function reasonOf(error: unknown): string {
  let reason = error
  while (reason instanceof Error && reason.cause !== undefined) reason = reason.cause
  return reason instanceof Error ? reason.message : String(reason)
}

/** An environment variable with a few values; empty is absent. */
function choice<T extends string>(name: string, values: readonly T[]): T | undefined {
  const value = process.env[name]
  if (value === undefined || value === '') return undefined
  const found = values.find((known) => known === value)
  if (found === undefined) throw environmentError(name, values.map((known) => `'${known}'`).join(', '), `'${value}'`)
  return found
}

function environmentError(name: string, expected: string, actual: string): Error {
  const remedy = 'change the environment variable or remove it'
  return masklossError({ code: 'ERR_MASKLOSS_BACKEND', argument: name, expected, actual, remedy })
}

function threadsOf(binding: NativeBinding): number {
  const value = process.env['MASKLOSS_THREADS']
  if (value === undefined || value === '') return binding.threads()
  const threads = Number(value)
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads
  throw environmentError('MASKLOSS_THREADS', 'an integer from 1 to 1024', `'${value}'`)
}

class NativeEngine implements Engine {
  readonly #binding: NativeBinding
  readonly #simd: string
  readonly #threads: number

  constructor(binding: NativeBinding) {
    if (binding.version() !== VERSION) {
      throw environmentError('native binary', `version ${VERSION}`, `version ${binding.version()}`)
    }
    this.#binding = binding
    this.#simd = choice('MASKLOSS_SIMD', binding.simdLevels()) ?? ''
    this.#threads = threadsOf(binding)
  }

  runtime(): EngineRuntime {
    return {
      backend: 'native',
      simd: this.#simd || this.#binding.simdLevels()[0]!,
      threads: this.#threads,
      version: VERSION,
      numerics: `native/${NUMERICS}`,
    }
  }

  compile(spec: CriterionSpec): EngineCriterion {
    return new NativeCriterion(this.#binding, this.#simd, this.#threads, spec)
  }

  count(call: CountCall): Fault | undefined {
    const report = new Float64Array(FAULT_REPORT)
    const status = this.#binding.count(
      this.#simd,
      call.threads || this.#threads,
      Float64Array.from(regionsPlan(call.regions)),
      call.samples,
      call.classes,
      call.pixels,
      call.channelsLast,
      call.perClass,
      call.kind === 'labels' ? 0 : call.kind === 'argmax' ? 1 : 2,
      call.threshold,
      call.ignoreIndex ?? NaN,
      call.prediction,
      call.reference,
      call.counts,
      call.valid,
      report,
    )
    return status === 0 ? undefined : faultOf(status, report)
  }

  labels(map: LabelArray): number[] {
    return this.#binding.labels(map)
  }
}

/** A function of the binding, and the numbers that cross with each call of it: those of the call, then the report. */
class NativeCriterion implements EngineCriterion {
  readonly #evaluate: ReturnType<NativeBinding['compile']>
  readonly #numbers: Float64Array<ArrayBuffer>
  readonly #memory: ArrayBuffer

  constructor(binding: NativeBinding, simd: string, threads: number, spec: CriterionSpec) {
    this.#evaluate = binding.compile(planOf(spec), simd, threads)
    this.#numbers = new Float64Array(CALL + Math.max(FAULT_REPORT, REPORT + spec.terms.length + FEW_VALUES))
    this.#memory = this.#numbers.buffer
  }

  evaluate(call: EvaluateCall): Outcome | Fault {
    const { prediction, target, gradient, pixelWeights, values, terms } = call
    const numbers = this.#numbers
    numbers[0] = call.samples
    numbers[1] = call.pixels
    numbers[2] = call.channelsLast ? 1 : 0
    numbers[3] = call.perClass ? 1 : 0
    numbers[4] = call.gradientScale
    numbers[5] = call.accumulate ? 1 : 0
    numbers[6] = call.threads
    const few = values.length <= FEW_VALUES
    const evaluate = this.#evaluate
    // Each argument costs something, the fifth more: it makes the binding allocate.
    const status =
      pixelWeights !== undefined || !few
        ? evaluate(this.#memory, prediction, target, gradient, pixelWeights, few ? undefined : values)
        : gradient !== undefined
          ? evaluate(this.#memory, prediction, target, gradient)
          : evaluate(this.#memory, prediction, target)
    if (status !== 0) return faultOf(status, numbers.subarray(CALL))
    for (let i = 0; i < terms.length; i++) terms[i] = numbers[CALL + REPORT + i]!
    if (few) for (let i = 0; i < values.length; i++) values[i] = numbers[CALL + REPORT + terms.length + i]!
    return { loss: numbers[CALL]!, nonFinite: numbers[CALL + 1]! }
  }
}

function faultOf(status: number, report: Float64Array): Fault {
  const [value, sample, cls, pixel] = report as unknown as [number, number, number, number]
  return { fault: FAULTS[status - 1]!, value, sample, class: cls, pixel }
}
