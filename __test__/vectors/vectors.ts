import { readFileSync } from 'node:fs'
import type { FloatArray, LabelArray } from '../../src/engine.ts'

/** Numbers in nested lists; not-a-number and the infinities are written as strings. */
export type Nested = number | boolean | string | readonly Nested[]

/** What a library's own options hold. */
export type LibraryOptions = Readonly<Record<string, unknown>>

/** One case of a library, as recorded: its own names, its own layout. */
export interface VectorCase {
  readonly id: string
  readonly loss: string
  readonly options: LibraryOptions
  readonly input: Nested | { readonly value: number }
  readonly input_kind: string
  readonly input_shape: readonly number[]
  readonly target: Nested | { readonly value: number }
  readonly target_kind?: string | null
  readonly target_shape: readonly number[] | null
  readonly extra?: Readonly<Record<string, Nested | { readonly shape: readonly number[]; readonly value: Nested }>>
  readonly expected: Nested | Readonly<Record<string, number>>
  readonly expected_shape?: readonly number[]
  readonly expected_grad_input?: Nested
  readonly compare?: 'value' | 'isnan'
  readonly tolerance: { readonly atol?: number; readonly rtol?: number }
  readonly precision?: 'float32' | 'float64'
}

/** The cases of one library. */
export interface VectorFile {
  readonly library: string
  readonly cases: readonly VectorCase[]
}

/** Reads `data/<name>.json`. */
export function vectors(name: string): VectorFile {
  return JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), 'utf8')) as VectorFile
}

/** All numbers of a nested list, in order. */
export function flatten(nested: unknown, length = 1): Float64Array {
  if (typeof nested === 'object' && nested !== null && 'value' in nested) {
    return new Float64Array(length).fill(Number(nested.value))
  }
  const list: unknown[] = Array.isArray(nested) ? nested.flat(Infinity) : [nested]
  return Float64Array.from(list, Number)
}

/** The product of the extents. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** The losses of a face, by their public names, as a library's case calls them. */
export type LossName =
  | 'diceLoss'
  | 'jaccardLoss'
  | 'tverskyLoss'
  | 'focalTverskyLoss'
  | 'logDiceLoss'
  | 'crossEntropyLoss'
  | 'binaryCrossEntropyLoss'
  | 'diceCrossEntropyLoss'

/** One evaluation: a loss of maskloss with its options. */
export interface Part {
  readonly loss: LossName
  readonly options: Readonly<Record<string, unknown>>
}

/** The data of a case in one of two layouts: classes before the pixels, or after them. */
export interface CaseData {
  readonly prediction: FloatArray
  readonly shape: readonly [samples: number, number, number]
  readonly layout: 'NCW' | 'NWC'
  readonly target: LabelArray
  readonly targetKind: 'labels' | 'per-class'
  readonly pixelWeights?: FloatArray
}

/** What came out of the parts of a case, added up; the values are those of the first part. */
export interface Total {
  readonly loss: number
  readonly values: Float64Array
  readonly gradient: Float64Array
}

/** How maskloss says what a library's case computes. */
export interface Plan {
  /** The library's loss is the sum of these. */
  readonly parts: readonly Part[]
  readonly data: CaseData
  /** The library's numbers, from ours; by default the loss, or the values where the library returns several numbers. */
  readonly read?: (total: Total) => ArrayLike<number>
  /** The library's gradient, from ours. */
  readonly readGradient?: (gradient: Float64Array) => Float64Array
  /** Why the gradient is not compared. */
  readonly noGradient?: string
}

/** Why a case is not expressed. */
export interface Skip {
  readonly skip: string
}

/** From a library's case to a plan: the meaning of its options in ours. */
export type Adapter = (row: VectorCase) => Plan | Skip

/** The case is not expressed, and why. */
export const skip = (reason: string): Skip => ({ skip: reason })

/** `[N, C, …spatial]` with labels `[N, …spatial]` or planes; one spatial axis stands for all. */
export function channelsFirst(row: VectorCase, options: { readonly prediction?: Float64Array } = {}): CaseData {
  const [samples = 1, classes = 1] = row.input_shape
  const pixels = size(row.input_shape.slice(2))
  return {
    prediction: options.prediction ?? flatten(row.input, size(row.input_shape)),
    shape: [samples, classes, pixels],
    layout: 'NCW',
    ...targetOf(row, samples, classes, pixels),
  }
}

/** `[…any, C]`: every position is a pixel of one sample, or of `samples` samples. */
export function channelsLast(row: VectorCase, samples = 1): CaseData {
  const classes = row.input_shape.at(-1) ?? 1
  const pixels = size(row.input_shape.slice(0, -1)) / samples
  return {
    prediction: flatten(row.input, size(row.input_shape)),
    shape: [samples, pixels, classes],
    layout: 'NWC',
    ...targetOf(row, samples, classes, pixels),
  }
}

function targetOf(
  row: VectorCase,
  samples: number,
  classes: number,
  pixels: number,
): Pick<CaseData, 'target' | 'targetKind'> {
  const target = flatten(row.target, size(row.target_shape ?? []))
  const perClass = target.length === samples * classes * pixels && !(row.target_kind ?? '').startsWith('labels')
  return perClass ? { target, targetKind: 'per-class' } : { target: Int16Array.from(target), targetKind: 'labels' }
}
