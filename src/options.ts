/**
 * Reads options: own enumerable properties of a plain object, each read once, in the order the caller wrote them, before
 * any data is looked at. Unknown names are refused, `undefined` is absent.
 */
import { alternatives, describe } from './describe.ts'
import { masklossError, type MasklossError, type MasklossErrorCode } from './errors.ts'
import { closest } from './spelling.ts'
import { dtypeOf } from './typed-array.ts'

/**
 * What an option may hold: a primitive `'value'`; a `'list'` of numbers or of such lists, which is copied; a `'tensor'`,
 * which is left alone; or an object with options of its own.
 */
export type OptionKind = 'value' | 'list' | 'tensor' | OptionNames
/** The options a function has, by name. */
export type OptionTable = Readonly<Record<string, OptionKind>>

interface Slot {
  readonly name: string
  readonly index: number
  readonly kind: OptionKind
}

const isPrototypeOfPlain = (prototype: object | null): boolean =>
  prototype === null || prototype === Object.prototype || Reflect.getPrototypeOf(prototype) === null

const LONGEST_LIST = 65_536

/** The options of one function, with a slot for each. */
export class OptionNames {
  /** Whose options: the name in errors. */
  readonly owner: string
  readonly names: readonly string[]
  /** Says where an option belongs that is known elsewhere: `gamma` → "is an option of focalTverskyLoss". */
  readonly elsewhere: ReadonlyMap<string, string>
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #absent: readonly undefined[]
  /** The options that were given last time, in their order. */
  readonly #given: Slot[] = []

  constructor(owner: string, table: OptionTable, elsewhere: ReadonlyMap<string, string> = new Map()) {
    this.owner = owner
    this.names = Object.keys(table)
    this.elsewhere = elsewhere
    this.#slots = new Map(this.names.map((name, index) => [name, { name, index, kind: table[name] as OptionKind }]))
    this.#absent = this.names.map(() => undefined)
  }

  /** The slot of an option; `undefined` where there is none of this name. */
  indexOf(name: string): number | undefined {
    return this.#slots.get(name)?.index
  }

  /**
   * Reads the options into slots: lists copied, nested objects read. `options` may be `undefined`.
   * @param path - The name of the option that holds these; `''` at the top.
   */
  read(options: unknown, path = ''): unknown[] {
    const values: unknown[] = this.#absent.slice()
    if (options === undefined) return values
    if (typeof options !== 'object' || options === null || !isPrototypeOfPlain(Reflect.getPrototypeOf(options))) {
      throw notPlain(options, path === '' ? 'options' : path)
    }
    let place = 0
    for (const name in options) {
      // Called like this it costs nothing in the loop: properties are known to be own, and `Object.hasOwn` would look.
      if (!Object.prototype.hasOwnProperty.call(options, name)) continue
      let slot = this.#given[place]
      // A loop writes its options in one order: comparing a name costs a fifth of looking it up.
      if (slot?.name !== name) {
        slot = this.#slots.get(name)
        if (slot === undefined) throw this.#unknown(name, path)
        this.#given[place] = slot
      }
      place += 1
      const value = (options as Record<string, unknown>)[name]
      values[slot.index] =
        typeof value === 'object' && value !== null
          ? snapshot(value, slot.kind, path === '' ? name : `${path}.${name}`)
          : value
    }
    return values
  }

  /** Reads options and wraps them for the typed readers. */
  parse(options: unknown): OptionValues {
    return new OptionValues(this, this.read(options), '')
  }

  #unknown(name: string, path: string): MasklossError {
    const nested = this.names.find((parent) => {
      const kind = this.#slots.get(parent)?.kind
      return kind instanceof OptionNames && kind.names.includes(name)
    })
    const home = nested === undefined ? this.elsewhere.get(name) : `write it inside ${nested}: { … }`
    const near = closest(name, this.names)
    return masklossError({
      code: 'ERR_MASKLOSS_OPTION_UNKNOWN',
      argument: path === '' ? 'options' : path,
      expected: `an option of ${this.owner}`,
      actual: `'${name}'`,
      remedy: home ?? (near === undefined ? `the options are ${this.names.join(', ')}` : `did you mean ${near}`),
    })
  }
}

function notPlain(value: unknown, argument: string): MasklossError {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_TYPE',
    argument,
    expected: 'a plain object',
    actual: describe(value),
    remedy: "write the options as { name: value }, for example { activation: 'softmax' }",
  })
}

function snapshot(value: object, kind: OptionKind, path: string): unknown {
  if (kind === 'list') return copyList(value, path, 2)
  // A list is never right where an object of options belongs, unless the option may be either: then the reader decides.
  if (kind instanceof OptionNames)
    return Array.isArray(value) ? value : new OptionValues(kind, kind.read(value, path), path)
  return value
}

function copyList(value: object, path: string, depth: number): unknown {
  if (!Array.isArray(value) && dtypeOf(value) === undefined) return value
  const source = value as ArrayLike<unknown>
  const { length } = source
  if (!Number.isInteger(length) || length < 0 || length > LONGEST_LIST) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_VALUE',
      argument: path,
      expected: `at most ${LONGEST_LIST} elements`,
      actual: `${length}`,
      remedy: 'pass one element a class',
    })
  }
  const copy = new Array<unknown>(length)
  for (let index = 0; index < length; index += 1) {
    const element = source[index]
    copy[index] =
      depth > 1 && typeof element === 'object' && element !== null ? copyList(element, path, depth - 1) : element
  }
  return copy
}

/** Whether two reads of the same options, from slot `from` on, gave the same. */
export function sameValues(a: readonly unknown[], b: readonly unknown[], from = 0): boolean {
  if (a.length !== b.length) return false
  for (let index = from; index < a.length; index += 1) {
    const x = a[index]
    const y = b[index]
    // Most options are absent: that is a look at two pointers, comparing values of any type is a call.
    if (x === undefined ? y === undefined : x === y || Object.is(x, y)) continue
    if (x instanceof OptionValues && y instanceof OptionValues && x.names === y.names && sameValues(x.values, y.values))
      continue
    if (Array.isArray(x) && Array.isArray(y) && sameValues(x, y)) continue
    return false
  }
  return true
}

/** Bounds of a number: inclusive unless said otherwise. */
export interface Range {
  readonly min?: number
  readonly max?: number
  /** The minimum itself is not allowed. */
  readonly above?: boolean
  /** The maximum itself is not allowed. */
  readonly below?: boolean
  readonly integer?: boolean
}

/** Non-negative and finite. */
export const NON_NEGATIVE: Range = { min: 0 }
/** Positive and finite. */
export const POSITIVE: Range = { min: 0, above: true }
/** A part of a whole. */
export const SHARE: Range = { min: 0, max: 1 }
/** Any finite number. */
export const FINITE: Range = {}
/** Any safe integer. */
export const INTEGER: Range = { integer: true }
/** A label that can be a class's or a region's: less than 2³¹ − 2 in size. */
export const LABEL: Range & { readonly min: number; readonly max: number } = {
  integer: true,
  min: 3 - 2 ** 31,
  max: 2 ** 31 - 3,
}
/** 0, 1, 2, … */
export const INDEX: Range = { integer: true, min: 0 }

/** Options that were read, with a reader for each type. */
export class OptionValues {
  readonly names: OptionNames
  readonly values: readonly unknown[]
  readonly #path: string

  constructor(names: OptionNames, values: readonly unknown[], path: string) {
    this.names = names
    this.values = values
    this.#path = path
  }

  /** The name of an option in errors: `dice.smooth`. */
  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  /** The option as it was read; `undefined` where absent, or where no such option could be given. */
  raw(name: string): unknown {
    const index = this.names.indexOf(name)
    return index === undefined ? undefined : this.values[index]
  }

  /** Whether the option was given. */
  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  /** One of several words. */
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.raw(name)
    if (value === undefined || words.includes(value as Word)) return value as Word | undefined
    const near = typeof value === 'string' ? closest(value, words) : undefined
    throw this.error(
      typeof value === 'string' ? 'ERR_MASKLOSS_OPTION_VALUE' : 'ERR_MASKLOSS_OPTION_TYPE',
      name,
      alternatives(words),
      near === undefined ? 'pass one of these' : `did you mean '${near}'`,
    )
  }

  /** `true` or `false`. */
  boolean(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.error('ERR_MASKLOSS_OPTION_TYPE', name, 'true or false', 'pass a boolean')
  }

  /** A number in a range. */
  number(name: string, range: Range): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value !== 'number') throw this.error('ERR_MASKLOSS_OPTION_TYPE', name, text(range), 'pass a number')
    if (!inRange(value, range))
      throw this.error('ERR_MASKLOSS_OPTION_VALUE', name, text(range), 'pass a number in this range')
    return value
  }

  /** A list of numbers in a range; not empty. */
  numbers(name: string, range: Range): readonly number[] | undefined {
    const value = this.raw(name)
    return value === undefined ? undefined : this.#checked(value, name, range)
  }

  /** A number in a range, or a list of them. */
  numberOrNumbers(name: string, range: Range): number | readonly number[] | undefined {
    return Array.isArray(this.raw(name)) ? this.numbers(name, range) : this.number(name, range)
  }

  /** A list of lists of numbers in a range; none empty. */
  lists(name: string, range: Range): readonly (readonly number[])[] | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value) || value.length === 0) {
      throw this.error(
        'ERR_MASKLOSS_OPTION_TYPE',
        name,
        'a list of lists of numbers',
        'pass for example [[1, 2, 3], [2, 3]]',
      )
    }
    return value.map((element: unknown, index) => this.#checked(element, `${name}[${index}]`, range))
  }

  /** An object with options of its own; all absent where it is absent. */
  nested(name: string, names: OptionNames): OptionValues {
    const value = this.raw(name)
    if (value === undefined) return new OptionValues(names, names.read(undefined), this.path(name))
    if (value instanceof OptionValues) return value
    throw this.error(
      'ERR_MASKLOSS_OPTION_TYPE',
      name,
      'an object',
      `pass an object with any of ${names.names.join(', ')}`,
    )
  }

  /** An error about the value this option has. To be thrown. */
  error(code: MasklossErrorCode, name: string, expected: string, remedy: string): MasklossError {
    const actual = this.raw(name)
    return masklossError({
      code,
      argument: this.path(name),
      expected,
      actual: actual instanceof OptionValues ? 'an object' : describe(actual),
      remedy,
    })
  }

  /** An error about options that contradict each other. To be thrown. */
  conflict(name: string, expected: string, actual: string, remedy: string): MasklossError {
    return masklossError({ code: 'ERR_MASKLOSS_OPTION_CONFLICT', argument: this.path(name), expected, actual, remedy })
  }

  #checked(value: unknown, name: string, range: Range): readonly number[] {
    const wrong = (code: MasklossErrorCode, argument: string, expected: string, actual: unknown): MasklossError =>
      masklossError({
        code,
        argument: this.path(argument),
        expected,
        actual: actual instanceof OptionValues ? 'an object' : describe(actual),
        remedy: 'pass an array of such numbers',
      })
    if (!Array.isArray(value)) throw wrong('ERR_MASKLOSS_OPTION_TYPE', name, 'a list of numbers', value)
    if (value.length === 0) throw wrong('ERR_MASKLOSS_OPTION_VALUE', name, 'at least one number', value)
    for (const [index, element] of value.entries()) {
      if (typeof element !== 'number')
        throw wrong('ERR_MASKLOSS_OPTION_TYPE', `${name}[${index}]`, text(range), element)
      if (!inRange(element, range)) throw wrong('ERR_MASKLOSS_OPTION_VALUE', `${name}[${index}]`, text(range), element)
    }
    return value as readonly number[]
  }
}

/** Whether a number is finite and in a range. */
export function inRange(value: number, range: Range): boolean {
  const { min = -Infinity, max = Infinity, above = false, below = false, integer = false } = range
  if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) return false
  return (above ? value > min : value >= min) && (below ? value < max : value <= max)
}

/** A range in words: `an integer ≥ 0`, `a number > 0 and < 0.5`, `a finite number`. */
export function text(range: Range): string {
  const bounds: string[] = []
  if (range.min !== undefined) bounds.push(`${range.above === true ? '>' : '≥'} ${range.min}`)
  if (range.max !== undefined) bounds.push(`${range.below === true ? '<' : '≤'} ${range.max}`)
  const noun = range.integer === true ? 'an integer' : bounds.length === 0 ? 'a finite number' : 'a number'
  return bounds.length === 0 ? noun : `${noun} ${bounds.join(' and ')}`
}
