import { readFileSync } from 'node:fs'

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
  readonly input_kind?: string
  /** A list of such shapes where the input is a list of tensors. */
  readonly input_shape: readonly number[]
  readonly target: Nested | { readonly value: number }
  readonly target_kind?: string | null
  readonly target_shape: readonly number[] | null
  readonly extra?: Readonly<Record<string, Nested | { readonly shape: readonly number[]; readonly value: Nested }>>
  readonly expected: Nested | Readonly<Record<string, number>>
  readonly expected_shape?: readonly number[]
  readonly expected_grad_input?: Nested
  readonly compare?: 'value' | 'isnan'
  /** What the library's test did to the result before it compared. */
  readonly post?: string
  readonly tolerance: { readonly atol?: number; readonly rtol?: number; readonly places?: number }
  readonly precision?: 'float32' | 'float64'
}

/** The cases of one library. */
export interface VectorFile {
  readonly library?: string
  readonly peer?: string
  /** Version of the library, where it was recorded. */
  readonly version?: string
  readonly cases: readonly VectorCase[]
}

/** Reads a file of cases. */
export function readVectors(path: string | URL): VectorFile {
  const file = JSON.parse(readFileSync(path, 'utf8')) as VectorFile
  return {
    ...file,
    cases: file.cases.map((row) => ({ ...row, options: row.options ?? {}, tolerance: row.tolerance ?? {} })),
  }
}

/** The file `data/<name>.json`. */
export function dataFile(name: string): URL {
  return new URL(`data/${name}.json`, import.meta.url)
}

/** All numbers of a nested list, in order. */
export function flatten(nested: unknown, length = 1): Float64Array {
  if (typeof nested === 'object' && nested !== null && 'value' in nested) {
    return new Float64Array(length).fill(Number(nested.value))
  }
  const list: unknown[] = Array.isArray(nested) ? nested.flat(Infinity) : [nested]
  return Float64Array.from(list, Number)
}

/** The extents of a nested list. */
export function shapeOf(nested: unknown): number[] {
  return Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : []
}

/** The product of the extents. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
