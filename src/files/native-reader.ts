/** The decoders in Rust, off the main thread. */

import type { NativeBinding } from '../native.ts'
import { elements, type ElementType, hostIsLittleEndian } from './element.ts'
import { FileError, type FileErrorCode, unknownFormat } from './error.ts'
import { type FileReader, splitName } from './tensor.ts'

const TYPES: Readonly<Record<string, ElementType>> = {
  uint8: 'u1',
  int8: 'i1',
  uint16: 'u2',
  int16: 'i2',
  uint32: 'u4',
  int32: 'i4',
  uint64: 'u8',
  int64: 'i8',
  float32: 'f4',
  float64: 'f8',
}

/** A reader on the binding's `readFile`. */
export function nativeReader(binding: NativeBinding): FileReader {
  return {
    async read(path, key, limits) {
      const found = await binding.readFile(path, key, limits.maxPixels, limits.maxBytes)
      const { code, reason, dtype, shape, data, affine, spacing } = found
      const type = dtype === undefined ? undefined : TYPES[dtype]
      const format = splitName(path)?.format
      if (type === undefined || shape === undefined || data === undefined) {
        throw new FileError((code ?? 'unreadable') as FileErrorCode, reason ?? `an element type of no name (${dtype})`)
      }
      if (format === undefined) throw unknownFormat(path)
      return {
        format,
        data: elements(data as Uint8Array<ArrayBuffer>, type, hostIsLittleEndian),
        shape,
        ...(affine && { affine }),
        ...(spacing && { spacing }),
      }
    },
  }
}
