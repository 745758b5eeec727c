/**
 * NumPy arrays (`.npy`, format versions 1 to 3).
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */

import { elements, elementSize, fromFortranOrder, hostIsLittleEndian, type ElementType } from './element.ts'
import { badHeader, checkLength, notSupported, objectDtype, oversized, quoted, truncated } from './error.ts'
import { checkedBytes } from './limits.ts'
import type { FileLimits, FileTensor } from './tensor.ts'

/** The text of a header, even of one with 32 axes, is a few hundred bytes. */
const maxHeader = 2 ** 16
/** NumPy's own limit for most of its life. */
const maxRank = 32
const types: ReadonlySet<string> = new Set(['b1', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8'])

/** Reads an array. */
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, limits: FileLimits): FileTensor {
  const { text, offset } = headerText(bytes)
  const { descr, fortranOrder, shape } = parseDictionary(text)
  if (shape.length > maxRank) throw badHeader('shape', `at most ${maxRank} axes`, shape.length)
  const { type, littleEndian } = parseType(descr)
  // A half becomes a float of four bytes.
  const stored = checkedBytes('shape', shape, elementSize(type), type === 'f2' ? 4 : elementSize(type), limits)
  checkLength('array data', stored, bytes.length - offset)
  const data = elements(bytes.subarray(offset), type, littleEndian)
  return { format: 'npy', data: fortranOrder ? fromFortranOrder(data, shape) : data, shape }
}

/** The text of the header, and where the elements begin. */
function headerText(bytes: Uint8Array): { text: string; offset: number } {
  const need = (count: number) => {
    if (bytes.length < count) throw truncated(`${count} bytes of NPY header`, String(bytes.length))
  }
  need(8)
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  if (magic.some((byte, index) => bytes[index] !== byte)) throw badHeader('magic', '\\x93NUMPY', 'another')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint8(6)
  if (version < 1 || version > 3) throw badHeader('version', '1, 2 or 3', version)
  const start = version === 1 ? 10 : 12
  need(start)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > maxHeader) throw oversized('bytes of header', length, maxHeader)
  const offset = start + length
  need(offset)
  return { text: new TextDecoder('latin1').decode(bytes.subarray(start, offset)), offset }
}

/**
 * The header is a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`, in any order. Only the
 * literals that NumPy writes for plain arrays are understood; a list for `descr` is a structured array.
 */
function parseDictionary(text: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (body === undefined || /[^\t\n\f\r -~]/.test(text)) throw fault(quoted(text.trim()))
  if (/(['"])descr\1\s*:\s*\[/.test(body)) {
    throw foreignType('a record of fields')
  }
  const entry = /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"]*)\3|(True|False)|\(([^()]*)\))\s*(?:,|$)/y
  const found = new Map<string, RegExpExecArray>()
  let end = 0
  for (let match = entry.exec(body); match !== null; match = entry.exec(body)) {
    const key = match[2] as string
    if (found.has(key)) throw fault(`${key} twice`)
    found.set(key, match)
    end = entry.lastIndex
  }
  const descr = found.get('descr')?.[4]
  const order = found.get('fortran_order')?.[5]
  const shape = found.get('shape')?.[6]
  const whole = found.size === 3 && body.slice(end).trim() === ''
  if (!whole || descr === undefined || order === undefined || shape === undefined) throw fault('another entry')
  return { descr, fortranOrder: order === 'True', shape: parseShape(shape) }
}

const dictionary = 'a dictionary of descr, fortran_order and shape'

const fault = (found: string) => badHeader('the dictionary', dictionary, found)

/** The lengths of a tuple, in which one alone needs its comma. Python 2 wrote an `L` behind some of them. */
function parseShape(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  const last = parts.pop() as string
  if (last !== '') {
    if (parts.length === 0) throw fault(quoted(`(${last})`))
    parts.push(last)
  }
  return parts.map((part) => {
    const digits = /^(\d+)L?$/.exec(part)?.[1]
    if (digits === undefined || Number(digits) >= 2 ** 64) throw fault(quoted(`(${text})`))
    return Number(digits)
  })
}

function foreignType(found: string) {
  const expected = 'bool, 8 to 64-bit integer or float16, float32, float64 elements'
  return notSupported(expected, `dtype ${quoted(found)}`, 'save the array with one of these dtypes')
}

/** Byte order (`<`, `>`, `=` this machine's, `|` none), kind, bytes of an element. */
function parseType(descr: string): { type: ElementType; littleEndian: boolean } {
  const [, order, type = ''] = /^([<>|=]?)(.*)$/s.exec(descr) as RegExpExecArray
  if (/^O[48]?$/.test(type)) throw objectDtype()
  if (!types.has(type)) throw foreignType(descr)
  if (order === '|' && !type.endsWith('1')) throw badHeader('descr', 'a byte order (< or >)', descr)
  return { type: type as ElementType, littleEndian: order === '>' ? false : order === '<' || hostIsLittleEndian }
}
