/** What can be wrong with a file: one code a kind, one sentence each. The readers in Rust say the same. */

import type { FileFormat } from './tensor.ts'

/** Why a file gave no array. */
export type FileErrorCode =
  | 'not-found'
  | 'not-a-file'
  | 'unreadable'
  | 'unknown-format'
  | 'wrong-format'
  | 'truncated'
  | 'trailing-data'
  | 'oversized'
  | 'out-of-memory'
  | 'header'
  | 'not-supported'
  | 'object-dtype'
  | 'corrupt'
  | 'checksum'
  | 'no-such-key'
  | 'key-needed'

/** A file that gave no array. The message names no path: who asked for the file knows it. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly code: FileErrorCode

  constructor(code: FileErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const formatNames: Readonly<Record<FileFormat, string>> = {
  nifti: 'a NIfTI image',
  'nifti-gz': 'a gzip-compressed NIfTI image',
  npy: 'a NumPy array',
  npz: 'a NumPy archive',
  png: 'a PNG image',
}

/** A name out of a file in quotes, at most 64 characters of it, control characters escaped. */
export function quoted(name: string): string {
  const letters = Array.from(name)
  const shown = letters.slice(0, 64).join('')
  const escaped = shown.replace(/[\p{C}'\\]/gu, (letter) =>
    /['\\]/.test(letter) ? `\\${letter}` : `\\u{${(letter.codePointAt(0) as number).toString(16)}}`,
  )
  return `'${escaped}${letters.length > 64 ? '…' : ''}'`
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no array'
  const shown = names.slice(0, 8).map(quoted).join(', ')
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown
}

export const notFound = (): FileError =>
  new FileError('not-found', 'Expected a file but found nothing of this name; check the path')

export const notAFile = (found: string): FileError =>
  new FileError('not-a-file', `Expected a file but found ${found}; give the path of a regular file`)

/** The system refused to open or to read the file. */
export const unreadable = (reason: string): FileError => {
  const found = `an error of the system (${reason})`
  return new FileError('unreadable', `Expected a readable file but found ${found}; check its permissions and its disk`)
}

export const unknownFormat = (name: string): FileError => {
  const expected = 'a file name ending in .nii, .nii.gz, .npy, .npz or .png'
  const remedy = 'convert the file to one of these'
  return new FileError('unknown-format', `Expected ${expected} but found ${quoted(name)}; ${remedy}`)
}

/** The first bytes are not those of the format that the name promises. */
export const wrongFormat = (format: FileFormat, found: string): FileError => {
  const remedy = 'give the file the extension of what it holds'
  return new FileError(
    'wrong-format',
    `Expected ${formatNames[format]}, as the name says, but found ${found}; ${remedy}`,
  )
}

const again = 'copy or export it again'

/** The file ends too early. */
export const truncated = (expected: string, found: string): FileError =>
  new FileError('truncated', `Expected ${expected} but found ${found}: the file is cut short; ${again}`)

/** The file goes on after its end. */
export const trailingData = (expected: string, found: string): FileError =>
  new FileError('trailing-data', `Expected ${expected} but found ${found}: the file goes on after its end; ${again}`)

/** The array is larger than the limits allow. */
export const oversized = (unit: string, size: number, limit: number): FileError => {
  const remedy = 'raise the limit if you trust the file'
  return new FileError('oversized', `Expected at most ${limit} ${unit} but found ${size} declared; ${remedy}`)
}

/** The array is within the limits, but the machine has no memory for it. */
export const outOfMemory = (bytes: number): FileError => {
  const remedy = 'read fewer files at once'
  return new FileError('out-of-memory', `Expected room for ${bytes} bytes but found too little memory; ${remedy}`)
}

/** A header field, by its name in the format's specification, has a value that it may not have. */
export const badHeader = (field: string, expected: string, found: string | number): FileError => {
  const remedy = 'write the file again with a current library'
  return new FileError('header', `Expected ${expected} for ${field} in the header but found ${found}; ${remedy}`)
}

/** The file is sound, but of a kind that is not read. */
export const notSupported = (expected: string, found: string, remedy: string): FileError =>
  new FileError('not-supported', `Expected ${expected} but found ${found}; ${remedy}`)

/** Python objects: reading them would mean running code out of the file. */
export const objectDtype = (): FileError => {
  const remedy = 'save it again with a numeric dtype'
  const found = 'Python objects, which are never loaded'
  return new FileError('object-dtype', `Expected an array of numbers but found ${found}; ${remedy}`)
}

/** The parts of the file contradict each other or cannot be decoded. */
export const corrupt = (expected: string, found: string): FileError =>
  new FileError('corrupt', `Expected ${expected} but found ${found}: the file is damaged; ${again}`)

export const badChecksum = (part: string): FileError => {
  const expected = `the checksum stored with ${part}`
  return new FileError('checksum', `Expected ${expected} but found another: the file is damaged; ${again}`)
}

export const noSuchKey = (key: string, keys: readonly string[]): FileError => {
  const expected = `an array named ${quoted(key)}`
  return new FileError('no-such-key', `Expected ${expected} but found ${listed(keys)}; give one of these as the key`)
}

export const keyNeeded = (keys: readonly string[]): FileError =>
  new FileError('key-needed', `Expected one array, as no key was given, but found ${listed(keys)}; name one as the key`)

/** Refuses a part that is not exactly as long as the header says. */
export function checkLength(part: string, expected: number, found: number): void {
  const wanted = `${expected} bytes of ${part}`
  if (found < expected) throw truncated(wanted, String(found))
  if (found > expected) throw trailingData(wanted, String(found))
}
