/** From a recorded case to a call of `conventions`: one rule for all libraries, since a convention has the library's names and shapes. */
import type { Conventions } from '../../src/conventions/index.ts'
import type { Precision } from './runner.ts'
import { flatten, shapeOf, size, type Nested, type VectorCase } from './vectors.ts'

/** What a case computes, read off the result of a convention. */
export interface Actual {
  readonly numbers: ArrayLike<number>
  /** Absent for functions that return numbers only, as the gradient. */
  readonly shape?: readonly number[]
  readonly gradient?: Float64Array
}

type Options = Readonly<Record<string, unknown>>
type Tensor = { readonly data: object; readonly shape: readonly number[] }
interface Result {
  readonly loss: number
  readonly values: Float64Array
  readonly valuesShape: readonly number[]
  readonly gradient: Gradient | readonly Gradient[]
}
type Gradient = Float32Array | Float64Array
type Criterion = { evaluate(prediction: unknown, target: unknown, options: Options): Result }
type Library = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>

/** Where the tensors beside prediction and target go. */
const EXTRAS: Readonly<Record<string, string>> = {
  mask: 'mask',
  loss_mask: 'mask',
  keep_mask: 'mask',
  sample_weight: 'pixelWeights',
  weight: 'pixelWeights',
  weights: 'pixelWeights',
}

/** `include_background` → `includeBackground`; names without underscores stay. */
export function camelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z\d])_([a-z\d])/g, (_, letter: string) => letter.toUpperCase())
}

/** The namespace of a file: `monai` of `monai_derived.json`. */
export function libraryOf(file: string): string {
  return file.replace(/\.json$/, '').split(/[-_.]/)[0] as string
}

/** The entry for a library's loss: its own name, without the module's (`losses.`), or that in camelCase. */
export function entryOf(conventions: Conventions, library: string, loss: string): string | undefined {
  const entries = (conventions as unknown as Readonly<Record<string, Library | undefined>>)[library] ?? {}
  const name = loss.split('.').at(-1) as string
  return [name, camelCase(name)].find((candidate) => candidate in entries)
}

/** Computes a case. */
export function compute(conventions: Conventions, library: string, row: VectorCase, precision: Precision): Actual {
  const entries = (conventions as unknown as Readonly<Record<string, Library>>)[library] as Library
  const entry = entries[entryOf(conventions, library, row.loss) as string] as Library[string]
  const options = optionsOf(row.options, entries)
  const prediction = predictionOf(row, precision)
  const target = targetOf(row, precision)
  // A function of the library takes tensors first, a class is made with its options.
  if (entry.length >= 2) return fromNumbers(entry(prediction, target, options))
  const criterion = entry(options) as Criterion
  const call: Record<string, unknown> = { gradient: true }
  for (const [name, value] of Object.entries(row.extra ?? {})) {
    call[EXTRAS[name] ?? name] = extraTensor(value, precision)
  }
  const { loss, values, valuesShape, gradient } = criterion.evaluate(prediction, target, call)
  const gradients = Array.isArray(gradient) ? (gradient as readonly Gradient[]) : [gradient as Gradient]
  return {
    numbers: valuesShape.length === 0 ? [loss] : values,
    shape: valuesShape,
    gradient: Float64Array.from(gradients.flatMap((part) => [...part])),
  }
}

/** Options in camelCase, in nested objects too. A loss inside a loss is named, and made with its own options. */
function optionsOf(options: Options, entries: Library): Options {
  const { loss, loss_options: inner, ...rest } = options
  const made = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [camelCase(name), isObject(value) ? optionsOf(value, entries) : value]),
  )
  if (typeof loss !== 'string') return made
  return { ...made, loss: (entries[loss] as Library[string])(optionsOf((inner ?? {}) as Options, entries)) }
}

function isObject(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function predictionOf(row: VectorCase, precision: Precision): Tensor | Tensor[] {
  const tensor = (nested: unknown, shape: readonly number[]): Tensor => ({
    data: precision.array.from(flatten(nested, size(shape))),
    shape,
  })
  const shapes: readonly unknown[] = row.input_shape
  if (!Array.isArray(shapes[0])) return tensor(row.input, row.input_shape)
  const inputs = row.input as readonly unknown[]
  return shapes.map((shape, index) => tensor(inputs[index], shape as readonly number[]))
}

function targetOf(row: VectorCase, precision: Precision): Tensor {
  const recorded = row.target_shape ?? shapeOf(row.target)
  // The label of one pixel without any axis.
  const shape = recorded.length === 0 ? [1] : recorded
  const numbers = flatten(row.target, size(shape))
  const hard = row.target_kind?.startsWith('labels') === true
  return { data: hard ? Int32Array.from(numbers) : precision.array.from(numbers), shape: ofTensor(shape) }
}

/** A number stands for a tensor of one element. */
function ofTensor(shape: readonly number[]): readonly number[] {
  return shape.length === 0 ? [1] : shape
}

function extraTensor(
  value: Nested | { readonly shape: readonly number[]; readonly value: Nested },
  precision: Precision,
): Tensor {
  const nested = isObject(value) ? value.value : value
  const shape = isObject(value) ? value.shape : shapeOf(nested)
  return { data: precision.array.from(flatten(nested)), shape: ofTensor(shape) }
}

function fromNumbers(result: unknown): Actual {
  return { numbers: typeof result === 'number' ? [result] : (result as ArrayLike<number>) }
}
