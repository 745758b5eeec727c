/** The entries of a zip archive, with every size and place checked. PKWARE APPNOTE 6.3, with zip64. */

import * as zlib from 'node:zlib'

import { badChecksum, corrupt, notSupported, oversized, quoted, truncated } from './error.ts'
import { inflateExactly, maxRatio } from './inflate.ts'

const maxEntries = 4096
const stored = 0
const deflated = 8

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly compressedSize: number
  readonly size: number
  /** Where the data begin. */
  readonly offset: number
}

/** The place of the central directory. Archives that are cut have none: it lies at the end. */
function findDirectory(view: DataView): { count: number; size: number; offset: number } {
  const last = view.byteLength - 22
  // A comment of up to 65,535 bytes may follow the record, and must end with the file.
  for (let at = last; at >= 0 && at >= last - 0xffff; at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || view.getUint16(at + 20, true) !== last - at) continue
    const record = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    }
    const wide = record.count === 0xffff || record.size === 0xffffffff || record.offset === 0xffffffff
    const locator = at - 20
    if (!wide || locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return record
    const record64 = Number(view.getBigUint64(locator + 8, true))
    if (!(record64 <= locator - 56) || view.getUint32(record64, true) !== 0x06064b50) {
      throw corrupt('a zip64 directory', 'none at its place')
    }
    return {
      count: Number(view.getBigUint64(record64 + 32, true)),
      size: Number(view.getBigUint64(record64 + 40, true)),
      offset: Number(view.getBigUint64(record64 + 48, true)),
    }
  }
  throw truncated('a zip directory at the end of the archive', 'none')
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
        if (next + 8 > end) throw corrupt('zip64 sizes', 'a field too short for them')
        next += 8
        return Number(view.getBigUint64(next - 8, true))
      }) as [number, number, number]
    }
    field += 4 + length
  }
  return narrow as [number, number, number]
}

/** Lists an archive: regular entries only, no two of one name, none within another. */
export function listZip(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const directory = findDirectory(view)
  if (directory.count > maxEntries) {
    throw oversized('entries', directory.count, maxEntries)
  }
  const end = directory.offset + directory.size
  if (!(end <= bytes.length)) throw corrupt('a zip directory within the file', `one that ends at byte ${end}`)
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  let at = directory.offset
  for (let index = 0; index < directory.count; index++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50) throw corrupt('a directory entry', 'another record')
    const nameEnd = at + 46 + view.getUint16(at + 28, true)
    const extraEnd = nameEnd + view.getUint16(at + 30, true)
    const next = extraEnd + view.getUint16(at + 32, true)
    if (next > end) throw corrupt('directory entries within the directory', 'one that ends after it')
    const rawName = bytes.subarray(at + 46, nameEnd)
    const name = new TextDecoder().decode(rawName)
    if (names.has(name)) throw corrupt('names that occur once', `${quoted(name)} twice`)
    names.add(name)
    const flags = view.getUint16(at + 8, true)
    if ((flags & 1) !== 0) throw notSupported('an open archive', 'an encrypted one', 'save it without a password')
    const method = view.getUint16(at + 10, true)
    if (method !== stored && method !== deflated) {
      throw notSupported('stored or deflated arrays', `zip method ${method}`, 'save them with numpy.savez')
    }
    const [size, compressedSize, local] = wideFields(view, at, nameEnd, extraEnd)
    if (method === stored ? size !== compressedSize : size > compressedSize * maxRatio) {
      throw corrupt('a size that the compressed data can have', `${size} bytes out of ${compressedSize}`)
    }
    const offset = dataOffset(view, bytes, local, rawName)
    if (!(offset + compressedSize <= directory.offset)) {
      throw corrupt('arrays before the directory', `${quoted(name)} beyond it`)
    }
    entries.push({ name, method, crc: view.getUint32(at + 16, true), compressedSize, size, offset })
    at = next
  }
  const placed = entries.toSorted((a, b) => a.offset - b.offset)
  placed.forEach((entry, index) => {
    const following = placed[index + 1]
    if (following !== undefined && entry.offset + entry.compressedSize > following.offset) {
      throw corrupt('arrays apart from each other', `${quoted(following.name)} within another`)
    }
  })
  return entries
}

/** Where an entry's data begin: after its local header, which must carry the same name. */
function dataOffset(view: DataView, bytes: Uint8Array, local: number, name: Uint8Array): number {
  if (!(local + 30 <= view.byteLength) || view.getUint32(local, true) !== 0x04034b50) {
    throw corrupt('a local header', 'another record')
  }
  const nameEnd = local + 30 + view.getUint16(local + 26, true)
  if (Buffer.compare(bytes.subarray(local + 30, nameEnd), name) !== 0) {
    throw corrupt('one name for an array', 'two')
  }
  return nameEnd + view.getUint16(local + 28, true)
}

/** The content of an entry. */
export async function readZipEntry(bytes: Uint8Array<ArrayBuffer>, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const raw = bytes.subarray(entry.offset, entry.offset + entry.compressedSize)
  const content = entry.method === stored ? raw : await inflateExactly(raw, 'raw', entry.size, 'the array')
  if (zlib.crc32(content) !== entry.crc) throw badChecksum('the array')
  return content
}
