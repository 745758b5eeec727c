/** What the twins are compared on. */
import type { ConventionCriterion } from '../../src/index.ts'
import { nest, nestLabels, oneHot, softmax, type Planes } from './tensors.ts'

export const wave = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => 2 * Math.sin(7.3 * i + 1))
export const tensor = (data: Float64Array | Int32Array, ...shape: number[]) => ({ data, shape })
export type Tensor = ReturnType<typeof tensor>

// Two samples of three classes and six pixels; class 2 is absent from the first, class 0 from the second.
export const SHAPE = [2, 3, 2, 3]
export const LOGITS = tensor(wave(36), ...SHAPE)
export const LABEL_MAP = Int32Array.of(0, 1, 1, 0, 1, 0, 2, 1, 1, 2, 2, 1)
export const LABELS = tensor(LABEL_MAP, 2, 1, 2, 3)
export const Y = nestLabels(LABEL_MAP, 2)
export const G = oneHot(Y, 3)
export const ONE_HOT = tensor(Float64Array.from(G.flat(2)), ...SHAPE)
export const SOFT_NUMBERS = wave(36).map((z) => 0.25 + z / 10)
export const SOFT = tensor(SOFT_NUMBERS, ...SHAPE)
export const S = nest(SOFT_NUMBERS, SHAPE)
export const MASK = Int32Array.of(1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0)
export const KEEP = nestLabels(MASK, 2)
export const ONE_CHANNEL = tensor(wave(12), 2, 1, 2, 3)
export const FOREGROUND = Float64Array.of(0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1)
export const F = nest(FOREGROUND, [2, 1])
export const IGNORED_MAP = Int32Array.from(LABEL_MAP, (label, i) => (i % 5 === 3 ? 255 : label))
export const IGNORED = nestLabels(IGNORED_MAP, 2)
export const NOT_IGNORED = IGNORED.map((row) => row.map((label) => Number(label !== 255)))
export const LAST = tensor(wave(36), 2, 2, 3, 3)
export const PROBABILITIES = tensor(Float64Array.from(softmax(nest(wave(36), SHAPE)).flat(2)), ...SHAPE)

export interface Row {
  readonly title: string
  readonly criterion: ConventionCriterion
  readonly prediction?: Tensor
  readonly target?: Tensor
  readonly mask?: Tensor
  /** The library's formula, of the prediction as it is passed. */
  readonly twin: (data: Float64Array) => number
}

export const soft = (f: (p: Planes) => number) => (data: Float64Array) => f(softmax(nest(data, SHAPE)))
export const row = (
  title: string,
  criterion: ConventionCriterion,
  twin: Row['twin'],
  more: Partial<Row> = {},
): Row => ({
  title,
  criterion,
  twin,
  ...more,
})
export const onePlane = (f: (z: Planes) => number) => (data: Float64Array) => f(nest(data, [2, 1]))
export const BINARY = tensor(FOREGROUND, 2, 1, 2, 3)
export const ONES = [1, 1, 1]
