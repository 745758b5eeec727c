/** The entries of a zip archive, with every size and place checked. PKWARE APPNOTE 6.3, with zip64. */

import * as zlib from 'node:zlib'

import { badChecksum, checkLength, corrupt, notSupported, oversized, quoted, truncated } from './error.ts'
import { inflateExactly, maxRatio } from './inflate.ts'

const maxEntries = 4096
/** Bytes of the end record without its comment. */
const endLength = 22
const stored = 0
const deflated = 8

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  /** Where its local header begins. */
  readonly header: number
  /** Where the data begin. */
  readonly offset: number
}

/** The end record is the last thing in the file but for a comment of up to 65,535 bytes, whose length is its last field. */
function findEnd(view: DataView): number {
  const last = view.byteLength - endLength
  const first = Math.max(0, last - 0xffff)
  let other: number | undefined
  for (let at = last; at >= first; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue
    if (view.getUint16(at + 20, true) === last - at) return at
    other ??= at
  }
  if (other !== undefined)
    checkLength('zip archive', other + endLength + view.getUint16(other + 20, true), view.byteLength)
  throw truncated('the zip directory at the end of the archive', 'none')
}

/** What the end record says, or the zip64 record that a locator before it points to. */
function findDirectory(view: DataView): { count: number; size: number; offset: number } {
  const end = findEnd(view)
  const short = (at: number) => view.getUint16(end + at, true)
  if (short(4) !== 0 || short(6) !== 0 || short(8) !== short(10)) throw inParts()
  const locator = end - 20
  if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) {
    const directory = { count: short(10), size: view.getUint32(end + 12, true), offset: view.getUint32(end + 16, true) }
    return checkedDirectory(directory, end)
  }
  const at = Number(view.getBigUint64(locator + 8, true))
  const long = (field: number) => Number(view.getBigUint64(at + field, true))
  if (!(at <= locator - 56) || view.getUint32(at, true) !== 0x06064b50 || long(4) + 12 !== locator - at) {
    throw corrupt('a zip64 record where its locator points', 'something else')
  }
  if (view.getUint32(at + 16, true) !== 0 || view.getUint32(at + 20, true) !== 0 || long(24) !== long(32))
    throw inParts()
  return checkedDirectory({ count: long(32), size: long(40), offset: long(48) }, at)
}

/** The directory must end where the end record begins. */
function checkedDirectory<Directory extends { count: number; size: number; offset: number }>(
  directory: Directory,
  end: number,
): Directory {
  const { count, size, offset } = directory
  if (count > maxEntries) throw oversized('archive entries', count, maxEntries)
  if (offset + size !== end) throw corrupt(`a zip directory that ends at byte ${end}`, `${size} bytes at ${offset}`)
  return directory
}

const inParts = () => {
  return notSupported('an archive in one file', 'one part of several', 'save the arrays again with numpy.savez')
}

/**
 * The sizes and the place of a directory entry; those that do not fit 32 bits stand in its zip64 field, in this order.
 */
function wideFields(view: DataView, at: number, extraAt: number, extraEnd: number): [number, number, number] {
  const narrow = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)]
  for (let field = extraAt; field + 4 <= extraEnd;) {
    const length = view.getUint16(field + 2, true)
    if (view.getUint16(field, true) === 1) {
      let next = field + 4
      const end = Math.min(extraEnd, next + length)
      return narrow.map((value) => {
        if (value !== 0xffffffff) return value
        if (next + 8 > end) throw corrupt('a whole record of the zip directory', 'its end')
        next += 8
        return Number(view.getBigUint64(next - 8, true))
      }) as [number, number, number]
    }
    field += 4 + length
  }
  return narrow as [number, number, number]
}

/** Lists an archive: every name once, every local header like the directory, the entries one after the other. */
export function listZip(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const directory = findDirectory(view)
  const end = directory.offset + directory.size
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  let at = directory.offset
  for (let index = 0; index < directory.count; index++) {
    const { entry, next } = readEntry(view, bytes, at, end)
    if (names.has(entry.name)) throw corrupt('every name once in the archive', `${quoted(entry.name)} twice`)
    names.add(entry.name)
    entries.push(entry)
    at = next
  }
  if (at !== end) throw corrupt(`${directory.count} entries in the zip directory`, 'more')
  let free = 0
  for (const entry of entries.toSorted((a, b) => a.header - b.header)) {
    if (entry.header < free) throw corrupt('zip entries one after the other', 'entries that overlap')
    free = entry.offset + entry.compressedSize
    if (free > directory.offset) throw corrupt('zip entries before the directory', 'one that leaves its place')
  }
  return entries
}

/** The entry whose directory record begins at `at`, and where the next record begins. */
function readEntry(view: DataView, bytes: Uint8Array, at: number, end: number): { entry: ZipEntry; next: number } {
  const short = (field: number) => view.getUint16(at + field, true)
  if (at + 46 > end) throw corrupt('a whole record of the zip directory', 'its end')
  if (view.getUint32(at, true) !== 0x02014b50) throw corrupt('a record of the zip directory', 'something else')
  const nameEnd = at + 46 + short(28)
  const extraEnd = nameEnd + short(30)
  const next = extraEnd + short(32)
  if (next > end) throw corrupt('a whole record of the zip directory', 'its end')
  const method = short(10)
  const encrypted = (short(8) & (1 | (1 << 6) | (1 << 13))) !== 0
  if (encrypted || (method !== stored && method !== deflated)) {
    const remedy = 'save the arrays again with numpy.savez or numpy.savez_compressed'
    const found = encrypted ? 'encryption' : `compression method ${method}`
    throw notSupported('stored or deflated archive entries', found, remedy)
  }
  const [size, compressedSize, header] = wideFields(view, at, nameEnd, extraEnd)
  if (method === stored ? size !== compressedSize : size > compressedSize * maxRatio) {
    throw corrupt('a size that the compressed data can have', `${size} bytes out of ${compressedSize}`)
  }
  const rawName = bytes.subarray(at + 46, nameEnd)
  const offset = dataOffset(view, bytes, header, rawName, method)
  const name = new TextDecoder().decode(rawName)
  return { entry: { name, method, crc: view.getUint32(at + 16, true), compressedSize, size, header, offset }, next }
}

/** Where an entry's data begin: after its local header, which must say the same as the directory. */
function dataOffset(view: DataView, bytes: Uint8Array, header: number, name: Uint8Array, method: number): number {
  if (!(header + 30 <= view.byteLength)) throw corrupt('zip entries before the directory', 'one that leaves its place')
  const nameEnd = header + 30 + view.getUint16(header + 26, true)
  const agrees =
    view.getUint32(header, true) === 0x04034b50 &&
    view.getUint16(header + 8, true) === method &&
    Buffer.compare(bytes.subarray(header + 30, nameEnd), name) === 0
  if (!agrees) throw corrupt('a local zip header like that of the directory', 'another')
  return nameEnd + view.getUint16(header + 28, true)
}

/** The content of an entry. */
export async function readZipEntry(bytes: Uint8Array<ArrayBuffer>, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const raw = bytes.subarray(entry.offset, entry.offset + entry.compressedSize)
  const content = entry.method === stored ? raw : await inflateExactly(raw, 'raw', entry.size, 'the array')
  if (zlib.crc32(content) !== entry.crc) throw badChecksum('the array')
  return content
}
