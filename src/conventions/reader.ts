/**
 * How a convention reads its options: a table with one reader an option says its name, its type and the library's default. `null`
 * stands for Python's `None`, where the library knows one.
 */
import {
  FINITE,
  inRange,
  INTEGER,
  OptionNames,
  text,
  type OptionKind,
  type OptionValues,
  type Range,
} from '../options.ts'

/** Reads one option. */
export interface Reader<Value, Given = Value> {
  readonly kind: OptionKind
  /** Never set: the type of what the caller writes. */
  readonly given?: Given
  /** The option's value; the library's default where it is absent. */
  read(options: OptionValues, name: string): Value
}

/** A reader for every option, by name. */
export type Table = Readonly<Record<string, Reader<unknown>>>

/** What a table of readers reads. */
export type Read<Readers> = {
  readonly [Name in keyof Readers]: Readers[Name] extends Reader<infer Value, unknown> ? Value : never
}

/** What a caller may write for a table of readers. */
export type Given<Readers> = {
  readonly [Name in keyof Readers]?: (Readers[Name] extends Reader<unknown, infer Value> ? Value : never) | undefined
}

/** `true` or `false`. */
export function flag(fallback: boolean): Reader<boolean> {
  return { kind: 'value', read: (options, name) => options.boolean(name) ?? fallback }
}

/** A number in a range. */
export function number(fallback: number, range: Range = FINITE): Reader<number> {
  return { kind: 'value', read: (options, name) => options.number(name, range) ?? fallback }
}

/** A number in a range without which there is no loss. */
export function requiredNumber(range: Range = FINITE): Reader<number> {
  return {
    kind: 'value',
    read: (options, name) => options.number(name, range) ?? missing(options, name, text(range)),
  }
}

/** One of several words. */
export function word<const Word extends string>(words: readonly Word[], fallback: Word): Reader<Word> {
  return { kind: 'value', read: (options, name) => options.oneOf(name, words) ?? fallback }
}

/** One of several words, required. */
export function requiredWord<const Word extends string>(words: readonly Word[]): Reader<Word> {
  return {
    kind: 'value',
    read: (options, name) => options.oneOf(name, words) ?? missing(options, name, `one of ${words.join(', ')}`),
  }
}

/** A list of numbers in a range. */
export function numbers(range: Range = FINITE): Reader<readonly number[], ArrayLike<number>> {
  return {
    kind: 'list',
    read: (options, name) => options.numbers(name, range) ?? missing(options, name, 'a list of numbers'),
  }
}

/** A list of lists of numbers in a range, required. */
export function matrix(range: Range = FINITE): Reader<readonly (readonly number[])[], readonly ArrayLike<number>[]> {
  return {
    kind: 'list',
    read: (options, name) => options.lists(name, range) ?? missing(options, name, 'a list of lists of numbers'),
  }
}

/** One number or a list of them. */
export function numberOrNumbers(range: Range = FINITE): Reader<number | readonly number[], number | ArrayLike<number>> {
  return {
    kind: 'list',
    read: (options, name) => {
      if (typeof options.raw(name) === 'number') return options.number(name, range) as number
      return options.numbers(name, range) ?? missing(options, name, 'a number or a list of numbers')
    },
  }
}

/** Numbers in lists of lists, all of one length at each depth. */
export type NestedNumbers = ArrayLike<number> | readonly NestedNumbers[]

/** Numbers with a shape, to be broadcast. */
export interface Broadcast {
  readonly numbers: readonly number[]
  readonly shape: readonly number[]
}

/** One number, or nested lists of them, in a range. */
export function broadcastNumbers(range: Range = FINITE): Reader<Broadcast, number | NestedNumbers> {
  return {
    kind: 'value',
    read: (options, name) => {
      const { elements, shape } = unnested(options.raw(name)) ?? { elements: [], shape: [] }
      if (elements.length > 0 && elements.every((value) => typeof value === 'number' && inRange(value, range))) {
        return { numbers: elements as number[], shape }
      }
      throw notNested(options, name, range)
    },
  }
}

/** The elements of nested lists, row by row, and how many a list has at each depth; `undefined` where lists of one depth differ. */
export function unnested(given: unknown): { elements: unknown[]; shape: number[] } | undefined {
  const shape: number[] = []
  for (let part = given; typeof part === 'object' && part !== null; part = (part as ArrayLike<unknown>)[0]) {
    shape.push((part as ArrayLike<unknown>).length)
  }
  let elements: unknown[] = [given]
  for (const extent of shape) {
    if (elements.some((part) => (part as ArrayLike<unknown>).length !== extent)) return undefined
    elements = elements.flatMap((part) => Array.from(part as ArrayLike<unknown>))
  }
  return { elements, shape }
}

function notNested(options: OptionValues, name: string, range: Range): Error {
  const expected = `${text(range)}, or nested lists of such numbers`
  return options.error(
    'ERR_MASKLOSS_OPTION_VALUE',
    name,
    expected,
    'pass numbers in this range, in lists of one length at each depth',
  )
}

/** An axis or a list of axes, as the library counts them: negative ones from the end. */
export const axes: Reader<number | readonly number[], number | ArrayLike<number>> = numberOrNumbers(INTEGER)

/**
 * An option that may be `null`, which reads as `undefined`.
 * @param fallback - What an absent option reads as; by default as `null` does.
 */
export function orNull<Value, Given>(
  reader: Reader<Value, Given>,
  fallback?: Value,
): Reader<Value | undefined, Given | null> {
  const given = nullOr(reader)
  return { kind: given.kind, read: (options, name) => (options.has(name) ? given.read(options, name) : fallback) }
}

/** The same where only `null` reads as `undefined`: an absent option is the reader's matter, which may require it. */
export function nullOr<Value, Given>(reader: Reader<Value, Given>): Reader<Value | undefined, Given | null> {
  const { kind } = reader
  return { kind, read: (options, name) => (options.raw(name) === null ? undefined : reader.read(options, name)) }
}

/** An object of options with a table of its own, all at their defaults where it is absent or `null`. */
export function nested<Readers extends Table>(
  owner: string,
  table: Readers,
): Reader<Read<Readers>, Given<Readers> | null> {
  const names = namesOf(owner, table)
  return {
    kind: names,
    read: (options, name) => {
      const given = options.raw(name) === null ? undefined : options.nested(name, names)
      return readAll(given ?? names.parse(undefined), table)
    },
  }
}

/** An option that may only have the value it has here; the library's others mean nothing to a loss of one process. */
export function only<Value extends boolean | string | null>(value: Value, remedy: string): Reader<Value> {
  return {
    kind: 'value',
    read: (options, name) => {
      const given = options.raw(name)
      if (given === undefined || given === value) return value
      throw options.error('ERR_MASKLOSS_OPTION_VALUE', name, String(value), remedy)
    },
  }
}

/** The option names of a table, for reading objects. */
export function namesOf(owner: string, table: Table): OptionNames {
  return new OptionNames(owner, Object.fromEntries(Object.entries(table).map(([name, { kind }]) => [name, kind])))
}

/** Reads every option of a table, in its order. */
export function readAll<Readers extends Table>(options: OptionValues, table: Readers): Read<Readers> {
  return Object.fromEntries(
    Object.entries(table).map(([name, reader]) => [name, reader.read(options, name)]),
  ) as Read<Readers>
}

function missing(options: OptionValues, name: string, expected: string): never {
  if (options.has(name)) throw options.error('ERR_MASKLOSS_OPTION_TYPE', name, expected, `pass ${expected}`)
  throw options.error('ERR_MASKLOSS_OPTION_MISSING', name, expected, 'the library has no default for it either')
}
