/**
 * Recognizes the tensors of other libraries by their structure, without importing any of them and without copying:
 * typed arrays; `{ data, dims, type }` (onnxruntime, transformers.js); `dataSync()` and `shape` (tfjs, jax-js);
 * `{ data, shape, stride | strides, offset }` (ndarray); `{ data, width, height, channels }` and `{ data, info }` (images).
 *
 * All code of the caller (getters, `dataSync`, proxies) runs in here. What comes out is a typed array and a shape copied
 * from the caller's; lengths are to be read afterwards, with `lengthOf`, when nothing can detach a buffer any more.
 */
import { describe, list } from './describe.ts'
import { masklossError } from './errors.ts'
import { dtypeOf, isDetached, lengthOf, view, type DType, type TypedArray } from './typed-array.ts'

/** A typed array of numbers, `Float16Array` included. */
export interface NumberArray {
  readonly BYTES_PER_ELEMENT: number
  readonly buffer: ArrayBufferLike
  readonly byteLength: number
  readonly byteOffset: number
  readonly length: number
}

/** A tensor of onnxruntime or transformers.js. */
export interface DimsTensor {
  readonly data: unknown
  readonly dims: readonly number[]
  readonly type: string
}

/** A tensor of tfjs or jax-js. */
export interface SyncTensor {
  readonly shape: readonly number[]
  readonly dtype: unknown
  dataSync(): unknown
}

/** An array with a shape: ndarray and its like. Must be row-major and contiguous. */
export interface ShapedArray {
  readonly data: unknown
  readonly shape: ArrayLike<number>
}

/** An image object: ImageData, RawImage, a decoded PNG. Rows of pixels, channels last. */
export interface ImageObject {
  readonly data: unknown
  readonly width: number
  readonly height: number
  readonly channels?: number | undefined
}

/** What sharp returns for raw pixels. */
export interface ImageWithInfo {
  readonly data: unknown
  readonly info: { readonly width: number; readonly height: number; readonly channels?: number | undefined }
}

/**
 * Anything with numbers in CPU memory. A bare typed array needs the call option `shape` (the prediction's); all others
 * carry their own. Nothing is copied, except float16, which is converted to float32 first.
 */
export type TensorLike = NumberArray | DimsTensor | SyncTensor | ShapedArray | ImageObject | ImageWithInfo

/** A recognized tensor. */
export interface Tensor {
  /** For float16: the bits, in a `Uint16Array`. */
  readonly data: TypedArray
  readonly dtype: DType
  /** A copy of the shape the tensor carries; `undefined` for a bare typed array. Positive integers. */
  readonly shape: readonly number[] | undefined
  /** An image object: its shape is [height, width] or [height, width, channels]. */
  readonly image: boolean
}

/** Recognizes a tensor, or throws. `argument` is its name in errors. */
export function recognize(value: unknown, argument: string): Tensor {
  const dtype = dtypeOf(value)
  if (dtype !== undefined) return { data: bits(value as TypedArray, dtype), dtype, shape: undefined, image: false }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return recognizeObject(value as Record<string, unknown>, argument)
  }
  throw notATensor(value, argument)
}

function recognizeObject(object: Record<string, unknown>, argument: string): Tensor {
  const dims = object['dims']
  if (isList(dims)) {
    refuseDevice(object['location'], argument)
    const type = object['type']
    return carried(object['data'], type, copyShape(dims, argument), argument)
  }
  const dataSync = object['dataSync']
  if (typeof dataSync === 'function') {
    const shape = copyShape(object['shape'], argument)
    const label = object['dtype']
    // jax-js frees an array that is read; reading through `ref` leaves the caller's alone.
    const ref = object['ref']
    const data: unknown = isSync(ref) ? ref.dataSync() : dataSync.call(object)
    return carried(data, label, shape, argument)
  }
  const shape = object['shape']
  if (isList(shape)) {
    const { data, dtype: label, stride, strides, offset } = object
    const tensor = carried(data, label, copyShape(shape, argument), argument)
    return contiguous(tensor, strides ?? stride, offset, argument)
  }
  const data = object['data']
  const info = object['info']
  const image = (typeof info === 'object' && info !== null ? info : object) as Record<string, unknown>
  const { width, height, channels } = image
  if (data !== undefined && width !== undefined && height !== undefined) {
    return recognizeImage(data, height, width, channels, argument)
  }
  throw notATensor(object, argument)
}

function recognizeImage(data: unknown, height: unknown, width: unknown, channels: unknown, argument: string): Tensor {
  const tensor = carried(data, undefined, copyShape([height, width], argument), argument)
  const [rows, columns] = tensor.shape as [number, number]
  // ImageData says nothing about its four channels.
  const depth = channels === undefined ? Math.max(1, lengthOf(tensor.data) / (rows * columns)) : channels
  const shape = depth === 1 ? [rows, columns] : copyShape([rows, columns, depth], argument)
  return { data: tensor.data, dtype: tensor.dtype, shape, image: true }
}

/** The array inside a tensor object, with the object's own name for its element type. */
function carried(data: unknown, label: unknown, shape: readonly number[], argument: string): Tensor {
  const dtype = dtypeOf(data)
  if (dtype === undefined) {
    throw masklossError({
      code: 'ERR_MASKLOSS_TENSOR',
      argument,
      expected: 'a typed array inside the tensor',
      actual: describe(data),
      remedy: 'pass a tensor of numbers whose data lies in CPU memory',
    })
  }
  if (label === 'float16' && dtype === 'uint16')
    return { data: data as Uint16Array, dtype: 'float16', shape, image: false }
  if (label === 'bfloat16' || label === 'int4' || label === 'uint4' || label === 'complex64') {
    throw masklossError({
      code: 'ERR_MASKLOSS_DTYPE',
      argument,
      expected: 'plain numbers',
      actual: `elements of type ${label}`,
      remedy: 'convert the tensor to float32 or to integers first',
    })
  }
  return { data: bits(data as TypedArray, dtype), dtype, shape, image: false }
}

/** Float16 elements are read as their bits: engines and older runtimes know no such array. */
function bits(data: TypedArray, dtype: DType): TypedArray {
  return dtype === 'float16' ? view(data, 'float16', 0, lengthOf(data)) : data
}

function contiguous(tensor: Tensor, strides: unknown, offset: unknown, argument: string): Tensor {
  const shape = tensor.shape as readonly number[]
  let length = 1
  for (const extent of shape) length *= extent
  if (strides !== undefined) {
    const steps = isList(strides) ? Array.from(strides) : []
    let step = 1
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const extent = shape[axis] as number
      if (extent !== 1 && steps[axis] !== step) {
        throw masklossError({
          code: 'ERR_MASKLOSS_TENSOR',
          argument,
          expected: `row-major, contiguous data of shape ${list(shape)}`,
          actual: `strides ${describe(steps)}`,
          remedy: 'copy it into a contiguous array first',
        })
      }
      step *= extent
    }
  }
  if (offset === undefined || (offset === 0 && lengthOf(tensor.data) === length)) return tensor
  if (!Number.isSafeInteger(offset) || (offset as number) < 0 || (offset as number) + length > lengthOf(tensor.data)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument,
      expected: `${length} elements (shape ${list(shape)}) from the tensor's offset on`,
      actual: `offset ${describe(offset)} into ${lengthOf(tensor.data)} elements`,
      remedy: 'pass an array that holds all of its elements',
    })
  }
  return { ...tensor, data: view(tensor.data, tensor.dtype, offset as number, length) }
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (dtypeOf(value) !== undefined && dtypeOf(value) !== 'float16')
}

function isSync(value: unknown): value is { dataSync(): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { dataSync?: unknown }).dataSync === 'function'
}

const MOST_AXES = 8

/** A copy of a shape: at most 8 axes, every one a positive integer, their product safe. */
export function copyShape(value: unknown, argument: string): number[] {
  const shape: number[] = []
  if (!isList(value)) throw badShape(value, argument)
  const rank = value.length
  if (rank < 1 || rank > MOST_AXES) throw badShape(value, argument)
  let product = 1
  for (let axis = 0; axis < rank; axis += 1) {
    const extent = value[axis]
    if (typeof extent !== 'number' || !Number.isSafeInteger(extent) || extent < 1) throw badShape(value, argument)
    shape.push(extent)
    product *= extent
  }
  if (product > Number.MAX_SAFE_INTEGER) throw badShape(shape, argument)
  return shape
}

function badShape(value: unknown, argument: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: argument === 'shape' ? argument : `the shape of ${argument}`,
    expected: `1 to ${MOST_AXES} positive integers`,
    actual: describe(value),
    remedy: 'no axis may be empty: samples, classes and pixels are counted from 1',
  })
}

function refuseDevice(location: unknown, argument: string): void {
  if (location === undefined || location === 'cpu' || location === 'cpu-pinned') return
  throw masklossError({
    code: 'ERR_MASKLOSS_TENSOR',
    argument,
    expected: 'a tensor in CPU memory',
    actual: location === 'none' ? 'a disposed tensor' : `one at ${describe(location)}`,
    remedy: location === 'none' ? 'use it before it is disposed' : 'pass what its getData() resolves to, with shape',
  })
}

function notATensor(value: unknown, argument: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_TENSOR',
    argument,
    expected: 'a typed array or a tensor object',
    actual: describe(value),
    remedy: Array.isArray(value)
      ? 'pass Float32Array.from(…) with shape'
      : 'pass a typed array with shape, or a tensor of a library',
  })
}

/** Throws unless the array has exactly the elements its shape says; a length of 0 is how a detached buffer shows. */
export function checkLength(data: TypedArray, length: number, shape: readonly number[], argument: string): void {
  const actual = lengthOf(data)
  if (actual === length) return
  const expected = `${length} elements (shape ${list(shape)})`
  if (actual === 0 && isDetached(data)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_DETACHED',
      argument,
      expected,
      actual: 'a detached buffer',
      remedy: 'its memory was transferred away, pass the array that owns it now',
    })
  }
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument,
    expected,
    actual: `${actual}`,
    remedy: 'pass the shape the data has',
  })
}
