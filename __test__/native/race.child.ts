/** Evaluates data that another thread changes meanwhile: whatever comes out, it comes out. */
import { crossEntropy, criterion, region } from '../cases/build.ts'
import { planOf } from '../../src/plan.ts'
import { messageOf, worker } from './child.ts'
import { binding } from './binding.ts'
import { numbersOf } from './numbers.ts'

const CALLS = 400
const [samples, classes, pixels] = [2, 5, 9000] as const
const elements = samples * classes * pixels

const memory = new SharedArrayBuffer(4 * elements + 4 * samples * pixels + 4 * samples * pixels)
const prediction = new Float32Array(memory, 0, elements)
const pixelWeights = new Float32Array(memory, 4 * elements, samples * pixels)
const labels = new Uint8Array(memory, 4 * (elements + samples * pixels), samples * pixels)
const wide = new Int32Array(memory, 4 * (elements + samples * pixels), samples * pixels)
const planes = new Uint8Array(memory, 0, elements)

const busy = worker('./writer.worker.ts', memory)
await messageOf(busy)
const native = binding()
const outcomes: Record<string, number> = {}
for (let i = 0; i < CALLS; i++) {
  const regions = i % 3 === 0 ? Array.from({ length: classes }, (_, c) => [c, c + 1]) : undefined
  const terms = [region(classes, { form: i % 2 === 0 ? 'product' : 'absolute' }), crossEntropy()]
  const plan = planOf(
    criterion(classes, regions === undefined ? terms : [terms[0]!], {
      activation: regions === undefined ? 'softmax' : 'none',
      regions,
      ignoreIndex: i % 5 === 0 ? 3 : undefined,
    }),
  )
  const perClass = regions === undefined && i % 4 === 1
  const status = native.compile(plan, '', 1 + (i % 4))(
    numbersOf({ samples, pixels, channelsLast: i % 2 === 1, perClass }),
    prediction,
    perClass ? planes : i % 2 === 0 ? labels : wide,
    new Float32Array(elements),
    i % 7 === 0 ? pixelWeights : undefined,
    new Float64Array(samples * classes),
  )
  outcomes[status] = (outcomes[status] ?? 0) + 1
  labels.fill(i % classes)
}
await busy.terminate()
console.log(JSON.stringify({ calls: CALLS, outcomes }))
