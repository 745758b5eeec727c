/**
 * From a recognized tensor to an array an engine reads. Arrays go through as they are; float16, and integers where an
 * engine wants floats, are converted into a copy.
 */
import { alternatives } from './describe.ts'
import type { FloatArray, LabelArray, PlaneArray } from './engine.ts'
import { masklossError } from './errors.ts'
import { float32FromFloat16 } from './float16.ts'
import type { Tensor } from './tensor.ts'

/** A prediction: float32 or float64 as it lies, float16 as a float32 copy. */
export function predictionArray(tensor: Tensor): FloatArray {
  switch (tensor.dtype) {
    case 'float32':
    case 'float64':
      return tensor.data as FloatArray
    case 'float16':
      return float32FromFloat16(tensor.data as Uint16Array)
    default:
      throw masklossError({
        code: 'ERR_MASKLOSS_DTYPE',
        argument: 'prediction',
        expected: alternatives(['float32', 'float64', 'float16']),
        actual: tensor.dtype,
        remedy: 'the prediction comes first, the target second; convert integers to a Float32Array if they are scores',
      })
  }
}

/** Labels: every integer type and integral floats as they lie, float16 as a float32 copy. */
export function labelArray(tensor: Tensor): LabelArray {
  return tensor.dtype === 'float16' ? float32FromFloat16(tensor.data as Uint16Array) : tensor.data
}

/** Planes: float32, float64 and uint8 as they lie, everything else as a float32 copy. */
export function planeArray(tensor: Tensor): PlaneArray {
  switch (tensor.dtype) {
    case 'float32':
    case 'float64':
    case 'uint8':
      return tensor.data as PlaneArray
    default:
      return floatCopy(tensor)
  }
}

/** Pixel weights: float32 and float64 as they lie, everything else as a copy. */
export function weightArray(tensor: Tensor): FloatArray {
  return tensor.dtype === 'float32' || tensor.dtype === 'float64' ? (tensor.data as FloatArray) : floatCopy(tensor)
}

function floatCopy(tensor: Tensor): FloatArray {
  const { data, dtype } = tensor
  if (dtype === 'float16') return float32FromFloat16(data as Uint16Array)
  if (dtype === 'int64' || dtype === 'uint64') return Float64Array.from(data as BigInt64Array, Number)
  // Above 2^24 float32 would round.
  return dtype === 'int32' || dtype === 'uint32'
    ? new Float64Array(data as Int32Array)
    : new Float32Array(data as Uint8Array)
}
