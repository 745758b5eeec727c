/**
 * Every failure of maskloss is one sentence of one shape, with its parts as properties:
 *
 *     Expected <what> for <argument> but found <actual> [at sample 0, class 2, pixel (14, 7)]; <remedy>.
 */

/**
 * What went wrong, for code to branch on. The list is closed: a new code is a new minor version.
 *
 * | code | class | meaning |
 * |---|---|---|
 * | `ERR_MASKLOSS_TENSOR` | TypeError | an argument is no tensor that can be read: no typed array inside, on a GPU, disposed, strided |
 * | `ERR_MASKLOSS_DTYPE` | TypeError | the element type is not one this argument may have |
 * | `ERR_MASKLOSS_DETACHED` | TypeError | the memory of a typed array was transferred away |
 * | `ERR_MASKLOSS_OVERLAP` | TypeError | the gradient buffer shares memory with an input |
 * | `ERR_MASKLOSS_OPTION_UNKNOWN` | TypeError | no option of this name exists here |
 * | `ERR_MASKLOSS_OPTION_MISSING` | TypeError | a required option is absent |
 * | `ERR_MASKLOSS_OPTION_TYPE` | TypeError | an option (or the options object) has the wrong type |
 * | `ERR_MASKLOSS_OPTION_CONFLICT` | TypeError | options contradict each other, or the number of classes |
 * | `ERR_MASKLOSS_OPTION_VALUE` | RangeError | an option is outside its range, NaN included |
 * | `ERR_MASKLOSS_SHAPE` | RangeError | a shape is impossible, or shapes and lengths disagree |
 * | `ERR_MASKLOSS_LAYOUT` | RangeError | the layout is missing, does not fit the shape, or is contradicted by the data |
 * | `ERR_MASKLOSS_LABEL` | RangeError | a label is no class, or no integer |
 * | `ERR_MASKLOSS_PREDICTION` | RangeError | a probability is outside [0, 1], or probabilities do not sum to one |
 * | `ERR_MASKLOSS_TARGET` | RangeError | a per-class target is outside [0, 1] |
 * | `ERR_MASKLOSS_PIXEL_WEIGHT` | RangeError | a pixel weight is negative or not finite |
 * | `ERR_MASKLOSS_MEMORY` | RangeError | an output could not be allocated |
 * | `ERR_MASKLOSS_MERGE` | TypeError | two accumulated states do not belong together |
 * | `ERR_MASKLOSS_DERIVATIVE` | TypeError | a second derivative was asked for |
 * | `ERR_MASKLOSS_BACKEND` | TypeError | the native engine was asked for, or belongs to this platform, and did not load |
 * | `ERR_MASKLOSS_INTERNAL` | TypeError | an engine failed; this is a bug of maskloss |
 */
export type MasklossErrorCode =
  | 'ERR_MASKLOSS_TENSOR'
  | 'ERR_MASKLOSS_DTYPE'
  | 'ERR_MASKLOSS_DETACHED'
  | 'ERR_MASKLOSS_OVERLAP'
  | 'ERR_MASKLOSS_OPTION_UNKNOWN'
  | 'ERR_MASKLOSS_OPTION_MISSING'
  | 'ERR_MASKLOSS_OPTION_TYPE'
  | 'ERR_MASKLOSS_OPTION_CONFLICT'
  | 'ERR_MASKLOSS_OPTION_VALUE'
  | 'ERR_MASKLOSS_SHAPE'
  | 'ERR_MASKLOSS_LAYOUT'
  | 'ERR_MASKLOSS_LABEL'
  | 'ERR_MASKLOSS_PREDICTION'
  | 'ERR_MASKLOSS_TARGET'
  | 'ERR_MASKLOSS_PIXEL_WEIGHT'
  | 'ERR_MASKLOSS_MEMORY'
  | 'ERR_MASKLOSS_MERGE'
  | 'ERR_MASKLOSS_DERIVATIVE'
  | 'ERR_MASKLOSS_BACKEND'
  | 'ERR_MASKLOSS_INTERNAL'

/** Where in the data: counted from 0. */
export interface Position {
  readonly sample: number
  readonly class?: number
  /** One coordinate a spatial axis, in the layout's order: `[row, column]` for HW, `[slice, row, column]` for DHW. */
  readonly pixel: readonly number[]
}

/** The parts of an error's sentence. */
export interface Finding {
  readonly code: MasklossErrorCode
  /** The argument or option at fault, as the caller names it: `'target'`, `'dice.smooth'`. */
  readonly argument: string
  readonly expected: string
  readonly actual: string
  /** What to do about it: an imperative, without the full stop. */
  readonly remedy: string
  readonly at?: Position | undefined
  readonly cause?: unknown
}

function sentence(finding: Finding): string {
  const { expected, argument, actual, at, remedy } = finding
  let place = ''
  if (at !== undefined) {
    place = ` at sample ${at.sample}`
    if (at.class !== undefined) place += `, class ${at.class}`
    if (at.pixel.length > 0) place += `, pixel (${at.pixel.join(', ')})`
  }
  return `Expected ${expected} for ${argument} but found ${actual}${place}; ${remedy}.`
}

/** A wrong kind of argument, or options that contradict each other. */
export class MasklossTypeError extends TypeError {
  override readonly name = 'MasklossTypeError' as const
  readonly code: MasklossErrorCode
  /** The argument or option at fault: `'target'`, `'dice.smooth'`. */
  readonly argument: string
  readonly expected: string
  readonly actual: string
  /** Present where one place in the data is at fault. */
  declare readonly at?: Position

  constructor(finding: Finding) {
    super(sentence(finding), finding.cause === undefined ? undefined : { cause: finding.cause })
    this.code = finding.code
    this.argument = finding.argument
    this.expected = finding.expected
    this.actual = finding.actual
    if (finding.at !== undefined) this.at = finding.at
  }
}

/** A value of the right kind outside what it may be. */
export class MasklossRangeError extends RangeError {
  override readonly name = 'MasklossRangeError' as const
  readonly code: MasklossErrorCode
  /** The argument or option at fault: `'target'`, `'dice.smooth'`. */
  readonly argument: string
  readonly expected: string
  readonly actual: string
  /** Present where one place in the data is at fault. */
  declare readonly at?: Position

  constructor(finding: Finding) {
    super(sentence(finding), finding.cause === undefined ? undefined : { cause: finding.cause })
    this.code = finding.code
    this.argument = finding.argument
    this.expected = finding.expected
    this.actual = finding.actual
    if (finding.at !== undefined) this.at = finding.at
  }
}

/** Any error of maskloss. */
export type MasklossError = MasklossTypeError | MasklossRangeError

const RANGE_CODES: ReadonlySet<MasklossErrorCode> = new Set<MasklossErrorCode>([
  'ERR_MASKLOSS_OPTION_VALUE',
  'ERR_MASKLOSS_SHAPE',
  'ERR_MASKLOSS_LAYOUT',
  'ERR_MASKLOSS_LABEL',
  'ERR_MASKLOSS_PREDICTION',
  'ERR_MASKLOSS_TARGET',
  'ERR_MASKLOSS_PIXEL_WEIGHT',
  'ERR_MASKLOSS_MEMORY',
])

/** The one place where errors are made: the code decides the class. To be thrown by the caller. */
export function masklossError(finding: Finding): MasklossError {
  return RANGE_CODES.has(finding.code) ? new MasklossRangeError(finding) : new MasklossTypeError(finding)
}

/**
 * Whether a caught value is an error of maskloss, whichever copy of the package it came from.
 *
 *     try { criterion.evaluate(output, labels) } catch (error) {
 *       if (isMasklossError(error) && error.code === 'ERR_MASKLOSS_LABEL') console.error(error.at)
 *       else throw error
 *     }
 */
export function isMasklossError(error: unknown): error is MasklossError {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code.startsWith('ERR_MASKLOSS_')
}
