/** Calls the binding with plans that the face never makes: random numbers, and sound plans with numbers changed, left out, added. */
import { valuesLength } from '../cases/build.ts'
import { evaluateBits } from './run.ts'
import { Draw, drawCase, drawSpec } from './draw.ts'
import { binding } from './binding.ts'
import { numbersOf } from './numbers.ts'
import { planOf } from '../../src/plan.ts'

const PLANS = 20_000
const ODD = [NaN, Infinity, -Infinity, -1, 0.5, 1e300, -1e300, 5e-324, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53] as const

const native = binding()
const draw = new Draw(Number(process.argv[2] ?? 1))
const outcomes: Record<string, number> = {}

for (let i = 0; i < PLANS; i++) {
  const outcome = attempt()
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}
const { spec, data } = drawCase(new Draw(1))
const { report } = evaluateBits({ simd: '', threads: 2 }, spec, data)
console.log(JSON.stringify({ plans: PLANS, outcomes, computes: report.length > 2 }))

function attempt(): string {
  const [samples, pixels] = [draw.between(1, 3), draw.between(1, 40)]
  const { plan, classes, values } = drawPlan(samples, pixels)
  const elements = samples * classes * pixels
  const perClass = draw.chance(0.3)
  const gradient = draw.chance(0.5) ? new Float32Array(elements) : undefined
  try {
    const evaluate = native.compile(plan, '', draw.one([1, 2, 0, NaN, 1e9]))
    const call = { samples, pixels, channelsLast: draw.chance(0.5), perClass, accumulate: draw.chance(0.3) }
    const status = evaluate(
      numbersOf(call, draw.between(0, 9)),
      Float32Array.from({ length: elements }, () => draw.unit()),
      Uint8Array.from({ length: perClass ? elements : samples * pixels }, () => draw.between(0, 2)),
      gradient,
      draw.chance(0.3) ? Float32Array.from({ length: samples * pixels }, () => draw.unit()) : undefined,
      draw.chance(0.8) ? new Float64Array(values) : undefined,
    )
    return `status ${status}`
  } catch (error) {
    return (error as Error).message
  }
}

/** A plan, the classes that the call pretends it has, and room for the values that the unchanged plan has. */
function drawPlan(samples: number, pixels: number): { plan: Float64Array; classes: number; values: number } {
  const classes = draw.between(1, 4)
  if (draw.chance(0.1)) {
    const plan = Float64Array.from({ length: draw.between(0, 40) }, () => draw.one([0, 1, 2, 3, draw.unit(), ...ODD]))
    return { plan, classes, values: 1 }
  }
  const spec = drawSpec(draw, classes, false)
  const numbers = [...planOf(spec)]
  for (let changes = draw.between(0, 2); changes > 0; changes--) {
    const at = draw.between(0, numbers.length - 1)
    const odd = draw.one([0, 1, 2, 3, 4, 5, ...ODD])
    // Most places may hold another number; hardly any plan is read to its end with one too many.
    if (draw.chance(0.8)) numbers[at] = odd
    else numbers.splice(at, draw.between(0, 1), ...(draw.chance(0.5) ? [odd] : []))
  }
  return { plan: Float64Array.from(numbers), classes, values: valuesLength(spec, { samples, pixels }) }
}
