/** How a value the caller passed is named in an error: short, and without running any of the caller's code. */
import { tagOf } from './typed-array.ts'

const LONGEST_TEXT = 40
const LONGEST_LIST = 8

/** `'abc'`, `3.2`, `12n (a BigInt)`, `[1, 2]`, `a Float32Array`, `an object`, `nothing`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'string':
      return `'${value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value}'`
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'boolean':
      return String(value)
    case 'bigint':
      return `${value}n (a BigInt)`
    case 'symbol':
      return 'a symbol'
    case 'function':
      return 'a function'
    default:
      return describeObject(value as object | null)
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'null'
  const tag = tagOf(value)
  if (tag !== undefined) return tag.startsWith('I') || tag.startsWith('U') ? `an ${tag}` : `a ${tag}`
  try {
    if (Array.isArray(value)) return isNumberList(value) ? list(value) : 'an array'
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    return kind === 'Object' ? 'an object' : `an object of type ${kind}`
  } catch {
    return 'an object that cannot be read'
  }
}

function isNumberList(value: readonly unknown[]): value is readonly number[] {
  return value.length <= LONGEST_LIST && value.every((element) => typeof element === 'number')
}

/** `[1, 2, 64, 64]` */
export function list(values: readonly number[]): string {
  return `[${values.join(', ')}]`
}

/** `'a', 'b' or 'c'` */
export function alternatives(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
