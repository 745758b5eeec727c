/** Archives of NumPy arrays (`.npz`, written by `numpy.savez` and `numpy.savez_compressed`). */

import { keyNeeded, noSuchKey, oversized } from './error.ts'
import { decodeNpy } from './npy.ts'
import type { FileLimits, FileTensor } from './tensor.ts'
import { listZip, readZipEntry, type ZipEntry } from './zip.ts'

/** An entry may be longer than its elements by the header of an array. */
const headerAllowance = 2 ** 17

/** Reads the array `key` of an archive (a name in full, with `.npy`, goes first), or its only one. */
export async function decodeNpz(
  bytes: Uint8Array<ArrayBuffer>,
  key: string | undefined,
  limits: FileLimits,
): Promise<FileTensor> {
  const entry = choose(listZip(bytes), key)
  const limit = limits.maxBytes + headerAllowance
  if (entry.size > limit) throw oversized('bytes', entry.size, limit)
  return { ...decodeNpy(await readZipEntry(bytes, entry), limits), format: 'npz' }
}

const keyOf = ({ name }: ZipEntry) => name.slice(0, -4)

function choose(entries: readonly ZipEntry[], key: string | undefined): ZipEntry {
  const arrays = entries.filter(({ name }) => name.endsWith('.npy'))
  const [first] = arrays
  if (key === undefined) {
    if (first === undefined || arrays.length > 1) throw keyNeeded(arrays.map(keyOf))
    return first
  }
  const found = arrays.find(({ name }) => name === key) ?? arrays.find((entry) => keyOf(entry) === key)
  if (found === undefined) throw noSuchKey(key, arrays.map(keyOf))
  return found
}
