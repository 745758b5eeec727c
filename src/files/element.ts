/** Element types of files: how wide they are, and how their bytes become a typed array. */

import { float32FromFloat16 } from '../float16.ts'
import type { FileArray } from './tensor.ts'

/** `i` signed, `u` unsigned, `f` floating, `b` boolean; then the bytes of one element. */
export type ElementType = 'b1' | 'i1' | 'u1' | 'i2' | 'u2' | 'i4' | 'u4' | 'i8' | 'u8' | 'f2' | 'f4' | 'f8'

/** Bytes of one element. */
export function elementSize(type: ElementType): number {
  return Number(type[1])
}

/** The byte order of this machine. */
export const hostIsLittleEndian: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/**
 * The elements in `bytes`, whose length is a multiple of the element size. `bytes` is swapped in place where its byte
 * order is not the machine's, and becomes the memory of the result where it lies aligned.
 */
export function elements(bytes: Uint8Array<ArrayBuffer>, type: ElementType, littleEndian: boolean): FileArray {
  const size = elementSize(type)
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (size > 1 && littleEndian !== hostIsLittleEndian) {
    if (size === 2) view.swap16()
    else if (size === 4) view.swap32()
    else view.swap64()
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  const { buffer, byteOffset } = aligned
  const length = aligned.byteLength / size
  switch (type) {
    case 'u1':
      return aligned
    case 'b1':
      return aligned.map((value) => (value === 0 ? 0 : 1))
    case 'i1':
      return new Int8Array(buffer, byteOffset, length)
    case 'u2':
      return new Uint16Array(buffer, byteOffset, length)
    case 'i2':
      return new Int16Array(buffer, byteOffset, length)
    case 'u4':
      return new Uint32Array(buffer, byteOffset, length)
    case 'i4':
      return new Int32Array(buffer, byteOffset, length)
    case 'u8':
      return new BigUint64Array(buffer, byteOffset, length)
    case 'i8':
      return new BigInt64Array(buffer, byteOffset, length)
    case 'f2':
      return float32FromFloat16(new Uint16Array(buffer, byteOffset, length))
    case 'f4':
      return new Float32Array(buffer, byteOffset, length)
    case 'f8':
      return new Float64Array(buffer, byteOffset, length)
  }
}

/** Rearranges an array whose first axis runs fastest (Fortran order) so that its last one does. */
export function fromFortranOrder(data: FileArray, shape: readonly number[]): FileArray {
  if (shape.filter((size) => size > 1).length < 2) return data
  const result = data.slice()
  // Walks the result in order and keeps the source index of the current element: one step along axis k is `strides[k]`.
  const strides: number[] = []
  let stride = 1
  for (const size of shape) {
    strides.push(stride)
    stride *= size
  }
  const index = new Array<number>(shape.length).fill(0)
  let source = 0
  for (let target = 0; target < result.length; target++) {
    result[target] = data[source] as never
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number
      const step = strides[axis] as number
      index[axis] = (index[axis] as number) + 1
      source += step
      if ((index[axis] as number) < size) break
      index[axis] = 0
      source -= step * size
    }
  }
  return result
}
