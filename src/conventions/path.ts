/**
 * A prediction on its way to an engine. Where the library's arrangement is one an engine reads, nothing is copied. Else steps
 * reshape, permute or transform it, in float64 or float32 as it came, and each step knows its way back for the gradient. That is slower and
 * needs memory of the prediction's size; no quirk of a library enters an engine.
 */
import type { Activation, FloatArray } from '../engine.ts'

/** A prediction, or what steps made of it. */
export interface Path {
  readonly data: FloatArray
  readonly shape: readonly number[]
  /** From the gradient for `data` to that for what the caller passed; `undefined`: they are the same memory. */
  readonly back: ((gradient: FloatArray) => FloatArray) | undefined
}

/** Goes one step further: `back` takes a gradient for `data` to one for the path before. */
export function step(
  path: Path,
  data: FloatArray,
  shape: readonly number[],
  back: (gradient: FloatArray) => FloatArray,
): Path {
  const before = path.back
  return { data, shape, back: before === undefined ? back : (gradient) => before(back(gradient)) }
}

/** A new array of the type of another. */
export function arrayLike(array: FloatArray, length: number): FloatArray {
  return array instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)
}

/** The product of extents. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** The same elements under another shape. */
export function reshape(path: Path, shape: readonly number[]): Path {
  return { ...path, shape }
}

/** Where each element of a permuted array comes from: axis `i` of the new array is axis `order[i]` of the old. */
export function permutation(shape: readonly number[], order: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => size(shape.slice(axis + 1)))
  let sources = [0]
  for (const axis of order) {
    const stride = strides[axis] as number
    sources = sources.flatMap((base) =>
      Array.from({ length: shape[axis] as number }, (_, index) => base + index * stride),
    )
  }
  return Int32Array.from(sources)
}

/** Whether a permutation leaves memory as it is: axes of extent 1 may move. */
export function staysInPlace(shape: readonly number[], order: readonly number[]): boolean {
  const moved = order.filter((axis) => shape[axis] !== 1)
  return moved.every((axis, index) => index === 0 || axis > (moved[index - 1] as number))
}

/** Exchanges axes: axis `i` of the result is axis `order[i]`. The gradient goes back to where its element came from. */
export function permute(path: Path, order: readonly number[]): Path {
  const shape = order.map((axis) => path.shape[axis] as number)
  if (staysInPlace(path.shape, order)) return { ...path, shape }
  return select(path, permutation(path.shape, order), shape)
}

/** Takes the elements at `sources`, each at most once. Elements that are not taken have gradient 0. */
export function select(path: Path, sources: Int32Array, shape: readonly number[]): Path {
  const { data: from } = path
  const data = arrayLike(from, sources.length)
  for (let index = 0; index < sources.length; index += 1) data[index] = from[sources[index] as number] as number
  return step(path, data, shape, (gradient) => {
    const result = arrayLike(gradient, from.length)
    for (let index = 0; index < sources.length; index += 1) result[sources[index] as number] = gradient[index] as number
    return result
  })
}

/** `[N, C, …]` without its first class. */
export function withoutBackground(path: Path): Path {
  const [samples, classes, ...spatial] = path.shape as [number, number, ...number[]]
  const pixels = size(spatial)
  const kept = (classes - 1) * pixels
  const sources = new Int32Array(samples * kept)
  for (let index = 0; index < sources.length; index += 1) {
    sources[index] = Math.floor(index / kept) * classes * pixels + pixels + (index % kept)
  }
  return select(path, sources, [samples, classes - 1, ...spatial])
}

/**
 * A function of the classes of one pixel, applied to every pixel.
 * @param stride - Elements between two classes of a pixel: 1 for channels last, the pixels of a plane for channels first.
 * @param classes - How many classes a pixel has.
 * @param forward - Writes the values of a pixel from its inputs.
 * @param backward - Writes the gradient for the inputs from inputs, values and the gradient for the values.
 */
export function perPixel(
  path: Path,
  stride: number,
  classes: number,
  forward: (inputs: Float64Array, values: Float64Array) => void,
  backward: (inputs: Float64Array, values: Float64Array, slopes: Float64Array, result: Float64Array) => void,
): Path {
  const { data: from, shape } = path
  const [inputs, values, slopes, result] = [0, 1, 2, 3].map(() => new Float64Array(classes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const eachPixel = (visit: (start: number) => void): void => {
    for (let start = 0; start < from.length; start += 1) if (Math.floor(start / stride) % classes === 0) visit(start)
  }
  const read = (array: FloatArray, start: number, into: Float64Array): void => {
    for (let c = 0; c < classes; c += 1) into[c] = array[start + c * stride] as number
  }
  const write = (array: FloatArray, start: number, numbers: Float64Array): void => {
    for (let c = 0; c < classes; c += 1) array[start + c * stride] = numbers[c] as number
  }
  const data = arrayLike(from, from.length)
  eachPixel((start) => {
    read(from, start, inputs)
    forward(inputs, values)
    write(data, start, values)
  })
  return step(path, data, shape, (gradient) => {
    const out = arrayLike(gradient, from.length)
    eachPixel((start) => {
      read(from, start, inputs)
      forward(inputs, values)
      read(gradient, start, slopes)
      backward(inputs, values, slopes, result)
      write(out, start, result)
    })
    return out
  })
}

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0)
const total = (a: Float64Array): number => a.reduce((sum, value) => sum + value, 0)

/** `p/Σp` over the classes of each pixel: `∂/∂p_k = (h_k − Σ_j q_j·h_j)/Σp` of the gradient h for q. */
export function divideBySum(path: Path, stride: number, classes: number): Path {
  return perPixel(
    path,
    stride,
    classes,
    (p, q) => {
      const sum = total(p)
      for (let c = 0; c < p.length; c += 1) q[c] = (p[c] as number) / sum
    },
    (p, q, h, result) => {
      const sum = total(p)
      const mean = dot(q, h)
      for (let c = 0; c < p.length; c += 1) result[c] = ((h[c] as number) - mean) / sum
    },
  )
}

function logSumExp(z: Float64Array): number {
  const largest = Math.max(...z)
  return largest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0))
}

/** `log softmax(z)` over the classes of each pixel: `∂/∂z_k = h_k − p_k·Σ_j h_j`. */
export function logSoftmax(path: Path, stride: number, classes: number): Path {
  return perPixel(
    path,
    stride,
    classes,
    (z, values) => {
      const log = logSumExp(z)
      for (let c = 0; c < z.length; c += 1) values[c] = (z[c] as number) - log
    },
    (_, values, h, result) => {
      const sum = total(h)
      for (let c = 0; c < h.length; c += 1) result[c] = (h[c] as number) - Math.exp(values[c] as number) * sum
    },
  )
}

/** `softmax(z)` over the classes of each pixel: `∂/∂z_k = p_k·(h_k − Σ_j p_j·h_j)`. */
export function softmax(path: Path, stride: number, classes: number): Path {
  return perPixel(
    path,
    stride,
    classes,
    (z, values) => {
      const log = logSumExp(z)
      for (let c = 0; c < z.length; c += 1) values[c] = Math.exp((z[c] as number) - log)
    },
    (_, values, h, result) => {
      const mean = dot(values, h)
      for (let c = 0; c < h.length; c += 1) result[c] = (values[c] as number) * ((h[c] as number) - mean)
    },
  )
}

/**
 * A function of one element, applied to every element.
 * @param slope - Its derivative, from input and value.
 */
export function perElement(path: Path, value: (x: number) => number, slope: (x: number, y: number) => number): Path {
  const { data: from, shape } = path
  const data = arrayLike(from, from.length)
  for (let index = 0; index < data.length; index += 1) data[index] = value(from[index] as number)
  return step(path, data, shape, (gradient) => {
    const result = arrayLike(gradient, from.length)
    for (let index = 0; index < result.length; index += 1) {
      const x = from[index] as number
      result[index] = (gradient[index] as number) * slope(x, value(x))
    }
    return result
  })
}

/** Another number in place of some elements, which are not read and have gradient 0. */
export function fill(path: Path, replaced: (index: number) => boolean, value: number): Path {
  const data = path.data.map((x, index) => (replaced(index) ? value : x))
  return step(path, data, path.shape, (gradient) => gradient.map((slope, index) => (replaced(index) ? 0 : slope)))
}

/** `min(max(x, low), high)`; outside the bounds the slope is 0. */
export function clamp(path: Path, low: number, high: number): Path {
  return perElement(
    path,
    (x) => Math.min(Math.max(x, low), high),
    (x) => (x < low || x > high ? 0 : 1),
  )
}

/** `tanh(z)`, slope `1 − tanh²`. */
export function tanh(path: Path): Path {
  return perElement(path, Math.tanh, (_, y) => 1 - y * y)
}

/** `σ(z)`, slope `p·(1 − p)`. */
export function sigmoid(path: Path): Path {
  return perElement(
    path,
    (z) => 1 / (1 + Math.exp(-z)),
    (_, p) => p * (1 - p),
  )
}

/** `[N, 1, …]` of the foreground's probabilities p as `[N, 2, …]` of 1 − p and p: the gradient is that of p minus that of 1 − p. */
export function withComplement(path: Path): Path {
  const { data: from, shape } = path
  const [samples, , ...spatial] = shape as [number, number, ...number[]]
  const pixels = size(spatial)
  const data = arrayLike(from, 2 * from.length)
  const background = (index: number): number => index + Math.floor(index / pixels) * pixels
  for (let index = 0; index < from.length; index += 1) {
    data[background(index)] = 1 - (from[index] as number)
    data[background(index) + pixels] = from[index] as number
  }
  return step(path, data, [samples, 2, ...spatial], (gradient) => {
    const result = arrayLike(gradient, from.length)
    for (let index = 0; index < result.length; index += 1) {
      result[index] = (gradient[background(index) + pixels] as number) - (gradient[background(index)] as number)
    }
    return result
  })
}

/** Softmax over the classes, sigmoid, or nothing, for a loss that does more with the probabilities than an engine does. */
export function activated(path: Path, activation: Activation, stride: number, classes: number): Path {
  if (activation === 'softmax') return softmax(path, stride, classes)
  return activation === 'sigmoid' ? sigmoid(path) : path
}
