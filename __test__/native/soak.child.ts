/** Ten thousand calls that end in an error, some times over: what they were given must not stay alive. Prints by how many bytes the process grew in the best round. */
import { setImmediate } from 'node:timers/promises'
import { isMasklossError, diceLoss } from '../../src/index.ts'
import { binding } from './binding.ts'
import { numbersOf } from './numbers.ts'

const CALLS = 10_000
const ROUNDS = 4
/** Of each array: were one kept a call, the process would grow by 40 MiB. */
const BYTES = 4096

const native = binding()
const plan = Float64Array.of(2, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0)

/** Every kind of failure, in turn. */
const FAILURES: readonly (() => unknown)[] = [
  // Of the binding: a wrong type after arrays were already taken; a wrong length; a wrong plan.
  () => native.compile(plan, '', 1)(numbersOf({ samples: 1, pixels: 2 }), array(), array(), 'no'),
  () => native.compile(plan, '', 1)(numbersOf({ samples: 1, pixels: 2 }), array(), array()),
  () => native.compile(array() as never, '', 1),
  () => native.labels(new DataView(array().buffer)),
  // Of the face: a shape, an option, the data.
  () => diceLoss(array(), array(), { activation: 'softmax', shape: [1, 2, 2, 2] }),
  () => diceLoss(array(), array(), { activation: 'softmax', smooth: NaN } as never),
  () => diceLoss(array(), new Uint8Array(BYTES / 8).fill(9), { activation: 'softmax', shape: [1, 2, 1, BYTES / 8] }),
]

function array(): Float32Array<ArrayBuffer> {
  return new Float32Array(BYTES / 4)
}

async function run(): Promise<number> {
  let errors = 0
  for (let i = 0; i < CALLS; i++) {
    try {
      FAILURES[i % FAILURES.length]!()
    } catch (error) {
      errors++
      if (!(error instanceof Error) && !isMasklossError(error)) throw error
    }
  }
  // What native functions hold is let go in a turn of the event loop after the collection.
  for (let i = 0; i < 4; i++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await setImmediate()
  }
  return errors
}

// Heaps grow to the size they need once and by chance; what is kept grows them every time. So the least growth of some rounds counts.
await run()
let errors = 0
let grown = Infinity
for (let round = 0; round < ROUNDS; round++) {
  const before = process.memoryUsage.rss()
  errors += await run()
  grown = Math.min(grown, process.memoryUsage.rss() - before)
}
console.log(JSON.stringify({ calls: ROUNDS * CALLS, errors, grown }))
