/** From a path to an array in plain TypeScript, with no more bytes than the limits allow. */

import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'

import {
  FileError,
  notAFile,
  notFound,
  notSupported,
  oversized,
  unknownFormat,
  unreadable,
  wrongFormat,
} from './error.ts'
import { decodeNifti } from './nifti.ts'
import { decodeNpy } from './npy.ts'
import { decodeNpz } from './npz.ts'
import { decodePng } from './png.ts'
import { splitName, type FileFormat, type FileLimits, type FileReader, type FileTensor } from './tensor.ts'

/** What a file may have besides the bytes of one array: headers, extensions, other arrays of an archive. */
const fileAllowance = 2 ** 24

/** The readers in TypeScript, for machines without the native binary. */
export const typescriptReader: FileReader = {
  async read(path, key, limits) {
    const name = basename(path)
    const format = splitName(name)?.format
    if (/\.(hdr|img)$/i.test(name)) {
      throw notSupported(
        'a NIfTI image in one file',
        `one half of a ${name.slice(-4)} pair`,
        'save it as .nii or .nii.gz',
      )
    }
    if (format === undefined) throw unknownFormat(name)
    const file = await openFile(path)
    try {
      return await decode(await readBytes(file, limits), format, key, limits)
    } catch (error) {
      throw error instanceof FileError ? error : unreadable(String(error))
    } finally {
      await file.close()
    }
  },
}

/** What files of each kind begin with. NIfTI is told by its header's own fields, not here. */
const magic: readonly (readonly [bytes: string, name: string, formats: readonly FileFormat[]])[] = [
  ['\x1f\x8b', 'gzip data', ['nifti-gz']],
  ['\x93NUMPY', 'a NumPy array', ['npy']],
  ['PK\x03\x04', 'a zip archive', ['npz']],
  ['PK\x05\x06', 'an empty zip archive', ['npz']],
  ['\x89PNG\r\n\x1a\n', 'a PNG image', ['png']],
  ['\xff\xd8\xff', 'a JPEG image', []],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file', []],
  ['II*\0', 'a TIFF image', []],
  ['MM\0*', 'a TIFF image', []],
]

/**
 * Compares the first bytes with the extension. A file that ends within the right magic is left to its reader as cut
 * short.
 */
function checkMagic(format: FileFormat, bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 8))
  const agrees = magic.some(([text, , formats]) => {
    return formats.includes(format) && text.slice(0, start.length) === start.slice(0, text.length)
  })
  const found = magic.find(([text]) => start.startsWith(text))
  if (!agrees && !(format === 'nifti' && found === undefined)) throw wrongFormat(format, found?.[1] ?? 'unknown bytes')
}

/** Decodes the bytes of a file. They may be overwritten, or become the memory of the result. */
export async function decode(
  bytes: Uint8Array<ArrayBuffer>,
  format: FileFormat,
  key: string | undefined,
  limits: FileLimits,
): Promise<FileTensor> {
  checkMagic(format, bytes)
  switch (format) {
    case 'nifti':
      return decodeNifti(bytes, false, limits)
    case 'nifti-gz':
      return decodeNifti(bytes, true, limits)
    case 'npy':
      return decodeNpy(bytes, limits)
    case 'npz':
      return decodeNpz(bytes, key, limits)
    case 'png':
      return decodePng(bytes, limits)
  }
}

/** Opens a file. Opening does not wait for the other end of a pipe. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw code === 'ENOENT' || code === 'ENOTDIR' ? notFound() : unreadable(code ?? message)
  }
}

/** The bytes of a regular file: asked of the open file, so that nobody can put another in its place in between. */
async function readBytes(file: FileHandle, limits: FileLimits): Promise<Uint8Array<ArrayBuffer>> {
  const status = await file.stat()
  if (status.isDirectory()) throw notAFile('a folder')
  if (!status.isFile()) throw notAFile('a pipe, a socket or a device')
  const most = limits.maxBytes + fileAllowance
  if (status.size > most) throw oversized('bytes of a file', status.size, most)
  const bytes = new Uint8Array(status.size)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(bytes.length - filled, 2 ** 30), filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
