/** The options of a call: read into fixed slots, the same in functions and criteria, so that a warm call stays cheap. */
import { describe, list } from './describe.ts'
import type { FloatArray } from './engine.ts'
import { masklossError, type MasklossError } from './errors.ts'
import { sameShape } from './layout.ts'
import type { OptionKind } from './options.ts'
import type { CallOptions } from './result.ts'
import { checkLength, copyShape, type Tensor } from './tensor.ts'
import { dtypeOf, overlap, type DType, type TypedArray } from './typed-array.ts'

/** The table of `CallOptions`. The slots below are its order. */
export const CALL_TABLE: Readonly<Record<keyof CallOptions, OptionKind>> = {
  shape: 'list',
  pixelWeights: 'tensor',
  gradient: 'tensor',
  gradientScale: 'value',
  accumulate: 'value',
  threads: 'value',
}
export const SHAPE = 0
export const PIXEL_WEIGHTS = 1
const GRADIENT = 2
const GRADIENT_SCALE = 3
const ACCUMULATE = 4
const THREADS = 5
/** The first slot of the criterion's options in a function's. */
export const CALL_SLOTS = 6

/** Values of a call without options. */
export const NO_CALL_OPTIONS: readonly unknown[] = Object.keys(CALL_TABLE).map(() => undefined)

/** The slots of a call whose options are known by name. */
export function slotsOf(call: Readonly<Partial<Record<keyof CallOptions, unknown>>>): readonly unknown[] {
  return (Object.keys(CALL_TABLE) as (keyof CallOptions)[]).map((name) => call[name])
}

/** The upper bound of threads; 0: the process's. */
export function threadsOf(call: readonly unknown[]): number {
  const threads = call[THREADS]
  if (threads === undefined) return 0
  if (typeof threads !== 'number') throw wrong('ERR_MASKLOSS_OPTION_TYPE', 'threads', 'a positive integer', threads)
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw wrong('ERR_MASKLOSS_OPTION_VALUE', 'threads', 'a positive integer', threads)
  }
  return threads
}

/** The factor of the gradient. */
export function gradientScaleOf(call: readonly unknown[]): number {
  const scale = call[GRADIENT_SCALE]
  if (scale === undefined) return 1
  if (typeof scale !== 'number') throw wrong('ERR_MASKLOSS_OPTION_TYPE', 'gradientScale', 'a finite number', scale)
  if (!Number.isFinite(scale)) throw wrong('ERR_MASKLOSS_OPTION_VALUE', 'gradientScale', 'a finite number', scale)
  refuseWithoutGradient(call, 'gradientScale')
  return scale
}

/** Whether the gradient is added to what the buffer holds. */
export function accumulateOf(call: readonly unknown[]): boolean {
  const accumulate = call[ACCUMULATE]
  if (accumulate === undefined || accumulate === false) return false
  if (accumulate !== true) throw wrong('ERR_MASKLOSS_OPTION_TYPE', 'accumulate', 'true or false', accumulate)
  refuseWithoutGradient(call, 'accumulate')
  if (call[GRADIENT] === true) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'accumulate',
      expected: 'a gradient buffer to add to',
      actual: 'gradient: true',
      remedy: 'pass the buffer that holds the sum as gradient',
    })
  }
  return true
}

function refuseWithoutGradient(call: readonly unknown[], argument: string): void {
  if (call[GRADIENT] !== undefined && call[GRADIENT] !== false) return
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument,
    expected: 'a gradient beside it',
    actual: 'none',
    remedy: 'pass gradient: true or a buffer',
  })
}

/** The caller's buffer, checked; a new one; or none. `dtype` is the prediction's. */
export function gradientOf(
  call: readonly unknown[],
  dtype: DType,
  shape: readonly number[],
  length: number,
): FloatArray | undefined {
  const gradient = call[GRADIENT]
  if (gradient === undefined || gradient === false) return undefined
  const wanted = dtype === 'float64' ? 'float64' : 'float32'
  if (gradient === true)
    return wanted === 'float64' ? newFloat64Array(length, 'gradient') : newFloat32Array(length, 'gradient')
  const given = dtypeOf(gradient)
  if (given === undefined) {
    throw wrong('ERR_MASKLOSS_OPTION_TYPE', 'gradient', 'true or a typed array', gradient)
  }
  if (given !== wanted) {
    throw masklossError({
      code: 'ERR_MASKLOSS_DTYPE',
      argument: 'gradient',
      expected: wanted === 'float64' ? 'a Float64Array' : 'a Float32Array',
      actual: describe(gradient),
      remedy: `the gradient of a ${dtype} prediction is ${wanted}`,
    })
  }
  checkLength(gradient as FloatArray, length, shape, 'gradient')
  return gradient as FloatArray
}

/** Refuses a gradient that lies in the memory of an input: the input would change while it is read. */
export function refuseOverlap(
  gradient: TypedArray,
  inputs: Readonly<Record<string, Pick<Tensor, 'data'> | undefined>>,
): void {
  for (const [argument, input] of Object.entries(inputs)) {
    if (input !== undefined && overlap(gradient, input.data)) throw overlapping(argument)
  }
}

/** The error for a gradient that shares memory with an input. To be thrown. */
export function overlapping(argument: string): MasklossError {
  return masklossError({
    code: 'ERR_MASKLOSS_OVERLAP',
    argument: 'gradient',
    expected: 'memory of its own',
    actual: `bytes shared with ${argument}`,
    remedy: 'pass another buffer, or gradient: true',
  })
}

/** A new array; a failure of the allocator becomes an error with a code. */
export function newFloat64Array(length: number, argument: string): Float64Array<ArrayBuffer> {
  try {
    return new Float64Array(length)
  } catch (cause) {
    throw noMemory(length, argument, cause)
  }
}

function newFloat32Array(length: number, argument: string): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length)
  } catch (cause) {
    throw noMemory(length, argument, cause)
  }
}

function noMemory(length: number, argument: string, cause: unknown): MasklossError {
  return masklossError({
    code: 'ERR_MASKLOSS_MEMORY',
    argument,
    expected: `memory for ${length} elements`,
    actual: 'none',
    remedy: 'evaluate fewer samples at a time, or pass a buffer',
    cause,
  })
}

/** The shape of the prediction: its own, or the option `shape`, which is not checked yet but for being an array. */
export function shapeOf(prediction: Tensor, given: unknown): readonly number[] {
  const carried = prediction.shape
  if (carried !== undefined) {
    if (given !== undefined && !(Array.isArray(given) && sameShape(carried, given))) throw otherShape(carried, given)
    return carried
  }
  if (Array.isArray(given)) return given as readonly number[]
  // Throws: a shape is a list.
  if (given !== undefined) return copyShape(given, 'shape')
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_MISSING',
    argument: 'shape',
    expected: 'the shape of the prediction',
    actual: 'nothing',
    remedy: 'a bare typed array needs it, for example shape: [8, 4, 512, 512]',
  })
}

function otherShape(carried: readonly number[], given: unknown): MasklossError {
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'shape',
    expected: `the prediction's own shape ${list(carried)}`,
    actual: describe(given),
    remedy: 'leave shape out: this tensor brings its own',
  })
}

function wrong(
  code: 'ERR_MASKLOSS_OPTION_TYPE' | 'ERR_MASKLOSS_OPTION_VALUE',
  argument: string,
  expected: string,
  actual: unknown,
): MasklossError {
  return masklossError({ code, argument, expected, actual: describe(actual), remedy: `pass ${expected}` })
}
