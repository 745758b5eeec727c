/** From a path to an array: with the native decoders where there are some, else with those in TypeScript. */

import { nativeBinding } from '../native.ts'
import { nativeReader } from './native-reader.ts'
import { defaultLimits, type FileLimits, type FileTensor } from './tensor.ts'
import { typescriptReader } from './typescript-reader.ts'

/** How to read a file. */
export interface ReadOptions {
  /** The array of an archive; needed where it has several. */
  readonly key?: string | undefined
  readonly limits?: Partial<FileLimits> | undefined
}

/** Reads an array from a file, whose name says its format. Throws a `FileError`. */
export function readTensor(path: string, options: ReadOptions = {}): Promise<FileTensor> {
  const binding = nativeBinding()
  const reader = binding === undefined ? typescriptReader : nativeReader(binding)
  return reader.read(path, options.key, { ...defaultLimits, ...options.limits })
}
