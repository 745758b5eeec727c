/**
 * From the tensors of a library's call to what an engine reads: which axis holds the classes, whether the target holds labels
 * or planes, and one weight a pixel. Nothing is copied where memory lies as an engine reads it.
 */
import { labelArray, planeArray, weightArray } from '../convert.ts'
import { list } from '../describe.ts'
import type { EvaluateCall, FloatArray, LabelArray } from '../engine.ts'
import { masklossError } from '../errors.ts'
import { faultError } from '../faults.ts'
import { geometryOf, isOneOfShapes, sameShape, type Geometry, type Layout } from '../layout.ts'
import { isPerClass } from '../target.ts'
import { checkLength, type Tensor } from '../tensor.ts'
import { lengthOf } from '../typed-array.ts'
import { classIds, everyClass } from './terms.ts'
import { permutation, permute, select, size, staysInPlace, type Path } from './path.ts'

/** A tensor of the call other than the prediction, by the name of its argument. */
export interface Input {
  readonly name: string
  readonly tensor: Tensor
}

/** The tensors of a call. */
export interface Inputs {
  readonly prediction: Path
  readonly target: Input
  readonly pixelWeights: Input | undefined
  readonly mask: Input | undefined
}

/** The part of an engine's call that says how tensors lie. */
export interface Grid extends Geometry {
  readonly path: Path
}

/** A target as an engine reads it. */
export type Target = Pick<EvaluateCall, 'target' | 'perClass'>

/** `[N, C, …]`: classes on axis 1, with any number of spatial axes. */
export function channelsFirst(path: Path): Grid {
  if (path.shape.length < 2) throw wrongRank(path.shape, 'at least 2 axes [N, C, …]')
  return grid(path, 'NC')
}

/** `[N, …, C]`: samples on the first axis, classes on the last. */
export function channelsLast(path: Path): Grid {
  if (path.shape.length < 2) throw wrongRank(path.shape, 'at least 2 axes [N, …, C]')
  return grid(path, 'N', 'C')
}

/** `[…, C]`: classes on the last axis; all others are pixels of one sample. */
export function classesLast(path: Path): Grid {
  return grid(path, '', 'C')
}

/** Every element a pixel of one sample with one class, whatever the axes are. */
export function elements(path: Path): Grid {
  return grid(path, '')
}

/** Geometry of a prediction whose axes are `lead`, then spatial ones, then `trail`. */
function grid(path: Path, lead: string, trail = ''): Grid {
  // A letter an axis; the engines only need to know which are samples and classes, so that all others are W.
  const letters = `${lead}${'W'.repeat(path.shape.length - lead.length - trail.length)}${trail}`
  return { ...geometryOf(path.shape, letters as Layout, false), path }
}

/** One label a pixel: the prediction's shape without the class axis, or with a class axis of 1. */
export function labels(input: Input, grid: Geometry): Target {
  isPerClass(input.tensor, grid, { kind: 'labels', labeled: true })
  return { target: labelArray(input.tensor), perClass: false }
}

/** Labels as planes of numbers, for a convention that computes with them, and the weights of the pixels. */
export interface LabelPlanes {
  readonly planes: Float64Array
  /** 0 where the label is ignored. */
  readonly counts: Float64Array
}

/** Labels as planes, channels first: 0 where a pixel does not count, else the value of each class beside the pixel's own. */
export function labelPlanes(
  given: LabelArray,
  grid: Geometry,
  weights: FloatArray | undefined,
  ignoreIndex: number | undefined,
  valueOf: (c: number, label: number) => number,
): LabelPlanes {
  const { samples, classes, pixels } = grid
  const planes = new Float64Array(samples * classes * pixels)
  const counts = Float64Array.from(weights ?? new Float64Array(samples * pixels).fill(1))
  const ids = classIds(classes)
  for (let index = 0; index < counts.length; index += 1) {
    const label = Number(given[index])
    if (label === ignoreIndex) counts[index] = 0
    if (counts[index] === 0) continue
    const [sample, pixel] = [Math.floor(index / pixels), index % pixels]
    if (!ids.includes(label)) throw noClass(grid, label, sample, pixel, ignoreIndex)
    for (const c of ids) planes[(sample * classes + c) * pixels + pixel] = valueOf(c, label)
  }
  return { planes, counts }
}

/**
 * Refuses labels other than 0 where there is one class: an engine takes them as background of the region that class 0 then is
 * (see `labelRegions`).
 */
export function checkOneClass(
  given: LabelArray,
  grid: Geometry,
  weights: FloatArray | undefined,
  ignoreIndex: number | undefined,
): void {
  if (grid.classes > 1) return
  for (let index = 0; index < given.length; index += 1) {
    const label = Number(given[index])
    if (label === 0 || label === ignoreIndex || weights?.[index] === 0) continue
    throw noClass(grid, label, Math.floor(index / grid.pixels), index % grid.pixels, ignoreIndex)
  }
}

/** The error for a label that is no class. To be thrown. */
function noClass(
  geometry: Geometry,
  value: number,
  sample: number,
  pixel: number,
  ignoreIndex: number | undefined,
): Error {
  const fault = Number.isInteger(value) ? 'label-out-of-range' : 'label-not-integer'
  const plan = { activations: [], ignoreIndex, maskValue: undefined }
  return faultError(
    { fault, value, sample, class: 0, pixel },
    { geometry, plan, channelsLastLikely: false, foreign: true, fromZero: true },
  )
}

/** One plane a class: the prediction's shape. Integers are read as numbers. */
export function planes(input: Input, grid: Geometry): Target {
  isPerClass(input.tensor, grid, { kind: 'per-class', labeled: false })
  return { target: planeArray(input.tensor), perClass: true }
}

/** Planes; of one channel also without its axis. */
export function onePlaneOrMore(input: Input, grid: Geometry): Target {
  const withoutAxis = grid.classes === 1 && input.tensor.shape?.length === grid.shape.length - 1
  return planes(withoutAxis ? reshapeInput(input, grid.shape) : input, grid)
}

/** The elements of a tensor as numbers, for a convention that computes with them: as they lie where they are floats. */
export function numbersOf({ tensor }: Input): FloatArray {
  return weightArray(tensor)
}

/** A tensor with other elements, under the same name. */
export function withNumbers(input: Input, data: FloatArray, shape: readonly number[]): Input {
  const dtype = data instanceof Float64Array ? 'float64' : 'float32'
  return { name: input.name, tensor: { data, dtype, shape, image: false } }
}

/** The shape of a tensor; of a bare array, the shape it has to have. */
export function shapeOf(input: Input, expected: readonly number[]): readonly number[] {
  return input.tensor.shape ?? expected
}

/** The same elements under another shape: of targets, which have no gradient. See `reshape` for predictions. */
export function reshapeInput(input: Input, shape: readonly number[]): Input {
  const own = shapeOf(input, shape)
  checkLength(input.tensor.data, size(own), own, input.name)
  if (size(own) === size(shape)) return { ...input, tensor: { ...input.tensor, shape } }
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: input.name,
    expected: `${size(shape)} elements, as in ${list(shape)}`,
    actual: list(own),
    remedy: 'the prediction comes first, the target second, and both cover the same pixels',
  })
}

/** Repeats a tensor to a shape as arrays are: axes aligned at the last, extents of 1 repeated. As it lies where it has that shape. */
export function broadcastInput(input: Input, wanted: readonly number[]): Input {
  const shape = shapeOf(input, wanted)
  if (sameShape(shape, wanted) || !broadcasts(shape, wanted)) return input
  checkLength(input.tensor.data, size(shape), shape, input.name)
  return withNumbers(input, broadcast(numbersOf(input), shape, wanted), wanted)
}

/** The axes of a tensor in another order: of targets, which have no gradient. See `permute` for predictions. */
export function permuteInput(input: Input, shape: readonly number[], order: readonly number[]): Input {
  const permuted = order.map((axis) => shape[axis] as number)
  checkLength(input.tensor.data, size(shape), shape, input.name)
  if (staysInPlace(shape, order)) return { ...input, tensor: { ...input.tensor, shape: permuted } }
  const data = numbersOf(input)
  const path = select({ data, shape, back: undefined }, permutation(shape, order), permuted)
  return withNumbers(input, path.data, permuted)
}

/** The order of axes that moves one axis to the end. */
export function axisLast(rank: number, axis: number): number[] {
  return [...Array.from({ length: rank }, (_, index) => index).filter((index) => index !== axis), axis]
}

/** Moves a class axis to the end, so that `channelsLast` and `classesLast` read it. */
export function moveLast(path: Path, axis: number): Path {
  return permute(path, axisLast(path.shape.length, axis))
}

/** An axis as Python counts it, from the end where it is negative. */
export function axisOf(axis: number, rank: number, name: string): number {
  const index = axis < 0 ? axis + rank : axis
  if (index >= 0 && index < rank) return index
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_VALUE',
    argument: name,
    expected: `an axis from ${-rank} to ${rank - 1}`,
    actual: String(axis),
    remedy: 'axes are counted from 0, or from -1 backwards',
  })
}

/** The same as a list, each axis once. */
export function axesOf(axes: number | readonly number[], rank: number, name: string): number[] {
  return [...new Set((typeof axes === 'number' ? [axes] : axes).map((axis) => axisOf(axis, rank, name)))]
}

/**
 * Pixel weights times mask, one number a pixel, each broadcast to the pixels as arrays are: axes aligned at the last, extents of 1
 * repeated. Their own class axis, if any, has extent 1.
 * @param own - Weights of the library's own, multiplied too.
 */
export function pixelWeights(
  inputs: Pick<Inputs, 'pixelWeights' | 'mask'>,
  grid: Geometry,
  ...own: readonly (Input | undefined)[]
): FloatArray | undefined {
  const given = [inputs.pixelWeights, inputs.mask, ...own].filter((input) => input !== undefined)
  const [first, ...others] = given.map((input) => overPixels(input, grid))
  if (first === undefined || others.length === 0) return first
  const product = Float64Array.from(first)
  for (const other of others) {
    for (let index = 0; index < product.length; index += 1) product[index]! *= other[index] as number
  }
  return product
}

/** One number a pixel, from an array that broadcasts to the pixels. */
export function overPixels(input: Input, grid: Geometry): FloatArray {
  const count = grid.samples * grid.pixels
  const withClass = grid.labelShapes[1] as readonly number[]
  const shape = shapeOf(input, withClass)
  const data = numbersOf(input)
  if (isOneOfShapes(shape, grid.labelShapes)) {
    checkLength(input.tensor.data, count, shape, input.name)
    return data
  }
  checkLength(input.tensor.data, size(shape), shape, input.name)
  const plain = grid.labelShapes[0] as readonly number[]
  const target = [withClass, plain].find((wanted) => broadcasts(shape, wanted))
  if (target !== undefined) return broadcast(data, shape, target)
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: input.name,
    expected: `a shape that broadcasts to ${list(withClass)}`,
    actual: list(shape),
    remedy: 'pass one value a pixel, or extents of 1 to repeat one along an axis',
  })
}

/** Whether an array of one shape can be repeated to another: axes aligned at the last. */
export function broadcasts(shape: readonly number[], wanted: readonly number[]): boolean {
  const lead = wanted.length - shape.length
  return lead >= 0 && shape.every((extent, axis) => extent === 1 || extent === wanted[lead + axis])
}

/** Repeats an array along its axes of extent 1, aligned at the last axis. */
export function broadcast(
  data: FloatArray,
  shape: readonly number[],
  wanted: readonly number[],
): Float64Array<ArrayBuffer> {
  const aligned = [...wanted.slice(shape.length).map(() => 1), ...shape]
  const result = new Float64Array(size(wanted))
  for (let index = 0; index < result.length; index += 1) {
    let rest = index
    let source = 0
    let stride = 1
    for (let axis = wanted.length - 1; axis >= 0; axis -= 1) {
      const extent = aligned[axis] as number
      const at = rest % (wanted[axis] as number)
      rest = Math.floor(rest / (wanted[axis] as number))
      if (extent > 1) source += at * stride
      stride *= extent
    }
    result[index] = data[source] as number
  }
  return result
}

/** The error for a prediction with too few axes. To be thrown. */
function wrongRank(shape: readonly number[], expected: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'prediction',
    expected,
    actual: `a shape ${list(shape)}`,
    remedy: 'pass the shape the library takes',
  })
}

/** Whether a tensor has as many elements as its grid has pixels, so that it holds labels where classes are several. */
export function holdsLabels(input: Input, grid: Geometry): boolean {
  const { shape, data } = input.tensor
  if (grid.classes === 1) return false
  return shape === undefined ? lengthOf(data) === grid.samples * grid.pixels : isOneOfShapes(shape, grid.labelShapes)
}

/** Whether some label that counts has a weight: else a mean over the weights is 0/0. */
export function hasWeight(
  labels: LabelArray,
  ignoreIndex: number | undefined,
  classWeights: readonly number[] | undefined,
  pixelWeights: FloatArray | undefined,
): boolean {
  for (let pixel = 0; pixel < labels.length; pixel += 1) {
    const label = Number(labels[pixel])
    if (label !== ignoreIndex && classWeights?.[label] !== 0 && pixelWeights?.[pixel] !== 0) return true
  }
  return false
}

/** The sums of so many numbers each: of values of elements with classes last, one number a pixel. */
export function sumsOf(values: Float64Array, count: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(values.length / count)
  for (let index = 0; index < values.length; index += 1) {
    result[Math.floor(index / count)]! += values[index] as number
  }
  return result
}

/** One number a class, by class id: one for all, or a list of that length. */
export function oneAClass(numbers: number | readonly number[], classes: number, argument: string): readonly number[] {
  if (typeof numbers === 'number') return everyClass(classes, numbers)
  if (numbers.length === classes) return numbers
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument,
    expected: `one number a class (${classes})`,
    actual: `${numbers.length}`,
    remedy: 'numbers are counted by class, in the order of the channels',
  })
}
