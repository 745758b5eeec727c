/**
 * Typed arrays as they really are. The intrinsic getters are captured at load: a subclass or an own property can shadow
 * `array.length`, not these.
 */

/** The element type: the typed array's own, but for float16. */
export type DType =
  | 'float16'
  | 'float32'
  | 'float64'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'

/** The typed arrays an engine or a converter reads. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array

const TYPED_ARRAY: object = Reflect.getPrototypeOf(Uint8Array.prototype)!
const getter = <T>(name: string | symbol): ((this: unknown) => T) =>
  Reflect.getOwnPropertyDescriptor(TYPED_ARRAY, name)!.get as (this: unknown) => T
const tagGetter = getter<string | undefined>(Symbol.toStringTag)
const lengthGetter = getter<number>('length')
const bufferGetter = getter<ArrayBufferLike>('buffer')
const byteOffsetGetter = getter<number>('byteOffset')
const byteLengthGetter = getter<number>('byteLength')

/** The true length, 0 for a detached buffer. */
export function lengthOf(array: TypedArray): number {
  return lengthGetter.call(array)
}

/** The name of a typed array's type, by its internal tag; `undefined` for anything else. */
export function tagOf(value: unknown): string | undefined {
  return tagGetter.call(value)
}

/** Whether two arrays have bytes in common. */
export function overlap(a: TypedArray, b: TypedArray): boolean {
  if (bufferGetter.call(a) !== bufferGetter.call(b)) return false
  const startA = byteOffsetGetter.call(a)
  const startB = byteOffsetGetter.call(b)
  return startA < startB + byteLengthGetter.call(b) && startB < startA + byteLengthGetter.call(a)
}

/** Whether the memory behind an array was transferred away. Runtimes before 2024 have no property that tells. */
export function isDetached(array: TypedArray): boolean {
  try {
    return new Uint8Array(bufferGetter.call(array)).length < 0
  } catch {
    return true
  }
}

/** The element type of a typed array, by its internal tag; `undefined` for anything else. */
export function dtypeOf(value: unknown): DType | undefined {
  switch (tagGetter.call(value)) {
    case 'Float32Array':
      return 'float32'
    case 'Uint8Array':
    case 'Uint8ClampedArray':
      return 'uint8'
    case 'Float64Array':
      return 'float64'
    case 'Int32Array':
      return 'int32'
    case 'BigInt64Array':
      return 'int64'
    case 'Int8Array':
      return 'int8'
    case 'Uint16Array':
      return 'uint16'
    case 'Int16Array':
      return 'int16'
    case 'Uint32Array':
      return 'uint32'
    case 'BigUint64Array':
      return 'uint64'
    case 'Float16Array':
      return 'float16'
    default:
      return undefined
  }
}

const VIEWS = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
}

/** A part of an array without copying; unlike `subarray` it never calls a subclass's constructor. */
export function view(data: TypedArray, dtype: DType, offset: number, length: number): TypedArray {
  const View = VIEWS[dtype] as new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray
  const start = byteOffsetGetter.call(data) + offset * VIEWS[dtype].BYTES_PER_ELEMENT
  return new View(bufferGetter.call(data), start, length)
}
