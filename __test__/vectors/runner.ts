import type { Adapter, LossName, Plan, Total, VectorCase } from './vectors.ts'
import { flatten, vectors } from './vectors.ts'

/** A face: the losses as functions, native or plain TypeScript. Which options each has, the adapters know. */
export type Face = Readonly<Record<LossName, (prediction: never, target: never, options: never) => unknown>>

type LossCall = (
  prediction: Float32Array | Float64Array,
  target: Plan['data']['target'],
  options: Readonly<Record<string, unknown>>,
) => { readonly loss: number; readonly values: Float64Array; readonly gradient: Float32Array | Float64Array }

/** What the comparison allows, beside the case's own tolerance. */
export interface Precision {
  /** The arrays that predictions are passed in. */
  readonly array: Float32ArrayConstructor | Float64ArrayConstructor
  /** Largest difference of a gradient, relative to its largest element, where the library computed in float64. */
  readonly gradient: number
}

/** What became of the cases of one file. */
export interface Report {
  readonly name: string
  readonly library: string
  readonly compared: number
  readonly gradients: number
  readonly failures: readonly string[]
  /** Case, and why it is not expressed. */
  readonly skipped: readonly (readonly [id: string, reason: string])[]
}

/** Runs every case of `data/<name>.json` through a face. */
export function run(name: string, adapter: Adapter, face: Face, precision: Precision): Report {
  const { library, cases } = vectors(name)
  const failures: string[] = []
  const skipped: [string, string][] = []
  let compared = 0
  let gradients = 0
  for (const row of cases) {
    const plan = adapter(row)
    if ('skip' in plan) {
      skipped.push([row.id, plan.skip])
      continue
    }
    compared++
    const total = totalOf(plan, face, precision)
    const problem = valueProblem(row, plan, total)
    if (problem !== undefined) failures.push(`${row.id}: ${problem}`)
    if (row.expected_grad_input === undefined || plan.noGradient !== undefined) continue
    gradients++
    const gradientProblem = slopeProblem(row, plan, total, precision)
    if (gradientProblem !== undefined) failures.push(`${row.id}: ${gradientProblem}`)
  }
  return { name, library, compared, gradients, failures, skipped }
}

/** The report as lines for the log. */
export function describe({ name, library, compared, gradients, skipped }: Report): string[] {
  return [
    `${name}: ${compared} cases of ${library} compared, ${gradients} with gradient, ${skipped.length} not expressed`,
    ...skipped.map(([id, reason]) => `  ${id}: ${reason}`),
  ]
}

function totalOf({ parts, data }: Plan, face: Face, precision: Precision): Total {
  const prediction = precision.array.from(data.prediction)
  const results = parts.map(({ loss, options }) =>
    (face[loss] as LossCall)(prediction, data.target, {
      checkValues: false,
      ...options,
      layout: data.layout,
      shape: data.shape,
      target: data.targetKind,
      pixelWeights: data.pixelWeights,
      gradient: true,
    }),
  )
  const gradient = new Float64Array(prediction.length)
  for (const result of results) for (let i = 0; i < gradient.length; i++) gradient[i]! += result.gradient[i]!
  return { loss: results.reduce((sum, { loss }) => sum + loss, 0), values: results[0]!.values, gradient }
}

function valueProblem(row: VectorCase, plan: Plan, total: Total): string | undefined {
  const expected = flatten(row.expected)
  const read = plan.read ?? ((t: Total) => (expected.length === 1 ? [t.loss] : t.values))
  const actual = Float64Array.from(read(total))
  if (actual.length !== expected.length) return `${actual.length} numbers instead of ${expected.length}`
  const { atol = 0, rtol = 0 } = row.tolerance
  const absolute = atol === 0 && rtol === 0 ? 1e-6 : atol
  // What a library's own test asserts is a float32 number: it says no more than its last bits.
  const relative = row.precision === 'float64' ? rtol : Math.max(rtol, 2 ** -22)
  const wrong = expected.findIndex(
    (value, i) => !(Math.abs(actual[i]! - value) <= absolute + relative * Math.abs(value)),
  )
  return wrong < 0 ? undefined : `value ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`
}

function slopeProblem(row: VectorCase, plan: Plan, total: Total, precision: Precision): string | undefined {
  const expected = flatten(row.expected_grad_input)
  const actual = plan.readGradient === undefined ? total.gradient : plan.readGradient(total.gradient)
  if (actual.length !== expected.length) return `a gradient of ${actual.length} instead of ${expected.length}`
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  // Where the library computed in float32, its own rounding is a few 1e-6 of the largest element.
  const tolerance = row.precision === 'float32' ? Math.max(precision.gradient, 1e-5) : precision.gradient
  const wrong = expected.findIndex((value, i) => !(Math.abs(actual[i]! - value) <= tolerance * largest))
  return wrong < 0 ? undefined : `slope ${wrong} is ${actual[wrong]} instead of ${expected[wrong]}`
}
