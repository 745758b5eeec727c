/** Decompression that never gives more than was announced. */

import { promisify } from 'node:util'
import * as zlib from 'node:zlib'

import { badChecksum, corrupt, outOfMemory, trailingData, truncated, unreadable } from './error.ts'

/** The most bytes that one byte of deflate data can become: 258 bytes out of two bits. */
export const maxRatio = 1032
/**
 * Compressed bytes that hold the first bytes of a gzip file whose own header is of a usual, and of a very large, size.
 */
const peekLengths = [4096, 2 ** 18]
const peekOutput = 2 ** 24

export type Container = 'gzip' | 'zlib' | 'raw'

/** What zlib gives with the option `info`. */
interface Inflated {
  readonly buffer: Buffer<ArrayBuffer>
  /** Its `bytesWritten` counts the compressed bytes that were used. */
  readonly engine: { readonly bytesWritten: number }
}

type Inflater = (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Inflated>

// The types of Node leave out what `info` changes.
const inflaters = {
  gzip: promisify(zlib.gunzip),
  zlib: promisify(zlib.inflate),
  raw: promisify(zlib.inflateRaw),
} as unknown as Readonly<Record<Container, Inflater>>

function toBytes({ buffer }: Inflated): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

function inflateError(error: unknown, part: string, expected: number): Error {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'ERR_BUFFER_TOO_LARGE') return trailingData(`the end of ${part}`, 'more bytes')
  if (code === 'Z_BUF_ERROR') return truncated(`the whole of ${part}`, 'an early end')
  if (code === 'Z_DATA_ERROR' && /^incorrect (data|length) check$/.test(message)) return badChecksum(part)
  if (code.startsWith('Z_')) return corrupt(`sound compressed data in ${part}`, message)
  return error instanceof RangeError ? outOfMemory(expected) : unreadable(message)
}

/** Refuses compressed data that cannot hold so many bytes, before the output gets any memory. */
export function checkRatio(compressed: number, bytes: number, part: string): void {
  if (bytes > compressed * maxRatio) {
    throw truncated(`at least ${Math.floor(bytes / maxRatio)} bytes of ${part}`, String(compressed))
  }
}

/** Decompresses `bytes` into exactly `expected` bytes. */
export async function inflateExactly(
  bytes: Uint8Array,
  container: Container,
  expected: number,
  part: string,
): Promise<Uint8Array<ArrayBuffer>> {
  checkRatio(bytes.length, expected, part)
  let inflated: Inflated
  try {
    // One chunk a byte larger than the output: it is allocated once and not joined from pieces.
    const chunkSize = Math.max(64, Math.min(expected + 1, 2 ** 30))
    inflated = await inflaters[container](bytes, { maxOutputLength: Math.max(1, expected), chunkSize, info: true })
  } catch (error) {
    throw inflateError(error, part, expected)
  }
  const output = toBytes(inflated)
  if (output.length < expected) throw truncated(`${expected} bytes of ${part}`, String(output.length))
  // Zeros behind the last member of a gzip file, or anything behind other compressed data, would be passed over.
  const unused = bytes.length - inflated.engine.bytesWritten
  if (output.length > expected || unused > 0) throw trailingData(`the end of ${part}`, 'more bytes')
  return output
}

/** The first bytes of a gzip file, at least `count` if it has so many, without decompressing the rest. */
export async function peekGzip(bytes: Uint8Array, count: number, part: string): Promise<Uint8Array<ArrayBuffer>> {
  let output: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  for (const length of peekLengths) {
    if (output.length >= count) break
    try {
      const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: peekOutput, info: true }
      output = toBytes(await inflaters.gzip(bytes.subarray(0, length), options))
    } catch (error) {
      throw inflateError(error, part, count)
    }
  }
  return output
}
