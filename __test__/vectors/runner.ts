/** Computes recorded cases through `conventions` and compares: the same for every library and both engines. */
import type { Conventions } from '../../src/conventions/index.ts'
import { compute, entryOf, libraryOf, type Actual } from './call.ts'
import { outOfScope } from './scope.ts'
import { flatten, type VectorCase, type VectorFile } from './vectors.ts'

/** What the comparison allows, beside the case's own tolerance. */
export interface Precision {
  /** The arrays that predictions are passed in. */
  readonly array: Float32ArrayConstructor | Float64ArrayConstructor
  /** Largest difference of a gradient, relative to its largest element, where the library computed in float64. */
  readonly gradient: number
}

/** The reference engine computes in float64; the native one reads float32. */
export const PRECISIONS: Readonly<Record<'native' | 'reference', Precision>> = {
  native: { array: Float32Array, gradient: 1e-5 },
  reference: { array: Float64Array, gradient: 1e-7 },
}

/** What became of one case. */
export interface Outcome {
  readonly id: string
  readonly status: 'passed' | 'failed' | 'out-of-scope'
  /** Why it failed or is out of scope. */
  readonly reason?: string
}

/** What became of the cases of one file. */
export interface Report {
  readonly file: string
  readonly outcomes: readonly Outcome[]
}

/** Runs every case of a file. `file` is its name, which names the library. */
export function run(file: string, vectors: VectorFile, conventions: Conventions, precision: Precision): Report {
  const library = libraryOf(file)
  const outcomes = vectors.cases.map((row): Outcome => {
    const { id } = row
    const excluded = outOfScope(row, library, vectors)
    if (excluded !== undefined) return { id, status: 'out-of-scope', reason: excluded }
    if (entryOf(conventions, library, row.loss) === undefined) {
      return { id, status: 'failed', reason: `conventions.${library} has no ${row.loss}` }
    }
    const problem = problemOf(row, () => compute(conventions, library, row, precision), precision)
    return problem === undefined ? { id, status: 'passed' } : { id, status: 'failed', reason: problem }
  })
  return { file, outcomes }
}

/** How many cases of a status. */
export function count({ outcomes }: Report, status: Outcome['status']): number {
  return outcomes.filter((outcome) => outcome.status === status).length
}

function problemOf(row: VectorCase, evaluate: () => Actual, precision: Precision): string | undefined {
  try {
    const actual = evaluate()
    return valueProblem(row, actual) ?? gradientProblem(row, actual, precision)
  } catch (error) {
    return (error as Error).message
  }
}

function valueProblem(row: VectorCase, actual: Actual): string | undefined {
  const expected = flatten(row.expected)
  const numbers = row.post?.startsWith('mean') === true ? [mean(actual.numbers)] : Array.from(actual.numbers)
  if (row.compare === 'isnan') return numbers.every(Number.isNaN) ? undefined : `${numbers.join()} instead of NaN`
  const scalar = !Array.isArray(row.expected)
  // One number that is expected of several is expected of each.
  const wanted = (index: number): number => expected[scalar ? 0 : index] as number
  if (!scalar && numbers.length !== expected.length) return `${numbers.length} numbers instead of ${expected.length}`
  const { expected_shape: shape } = row
  if (shape !== undefined && row.post === undefined && shape.join() !== actual.shape.join()) {
    return `shape [${actual.shape.join()}] instead of [${shape.join()}]`
  }
  const wrong = numbers.findIndex((value, index) => !isClose(value, wanted(index), row))
  return wrong < 0 ? undefined : `value ${wrong} is ${numbers[wrong]} instead of ${wanted(wrong)}`
}

/** Within the case's own tolerance, or 1e-6 where it has none. */
function isClose(actual: number, expected: number, row: VectorCase): boolean {
  if (Object.is(actual, expected) || actual === expected) return true
  const { atol = 0, rtol = 0, places } = row.tolerance
  const absolute = places === undefined ? atol : 0.5 * 10 ** -places
  const own = absolute + rtol * Math.abs(expected)
  // What a library's own test asserts is a float32 number: it says no more than its last bits.
  const rounding = row.precision === 'float64' ? 0 : 2 ** -22 * Math.abs(expected)
  return Math.abs(actual - expected) <= (own === 0 && absolute === 0 && rtol === 0 ? 1e-6 : own) + rounding
}

function gradientProblem(row: VectorCase, { gradient }: Actual, precision: Precision): string | undefined {
  if (row.expected_grad_input === undefined || gradient === undefined) return undefined
  const expected = flatten(row.expected_grad_input)
  if (gradient.length !== expected.length) return `a gradient of ${gradient.length} instead of ${expected.length}`
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  // Where the library computed in float32, its own rounding is a few 1e-6 of the largest element.
  const tolerance = row.precision === 'float64' ? precision.gradient : Math.max(precision.gradient, 1e-5)
  const wrong = expected.findIndex(
    (value, index) => !(Math.abs((gradient[index] as number) - value) <= tolerance * largest),
  )
  return wrong < 0 ? undefined : `slope ${wrong} is ${gradient[wrong]} instead of ${expected[wrong]}`
}

function mean(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, value) => sum + value, 0) / numbers.length
}
