/** Panics in every place of a debug build: each must become an error of JavaScript, and the engine must work on. */
import { createRequire } from 'node:module'
import type { Native } from './binding.ts'
import { numbersOf, reportOf } from './numbers.ts'

interface Panicking extends Native {
  panicNow(place: string): void
  panicInTask(): Promise<void>
  panickingFunction(): () => void
}

const native = createRequire(import.meta.url)(process.argv[2]!) as Panicking

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

/** Enough elements for all threads, so that the pool that saw a panic has to work. */
function loss(): number {
  const [samples, pixels] = [4, 1 << 16] as const
  const numbers = numbersOf({ samples, pixels }, 5)
  const plan = Float64Array.of(2, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0)
  const prediction = new Float32Array(samples * 2 * pixels)
  const labels = new Uint8Array(samples * pixels)
  native.compile(plan, '', 4)(numbers, prediction, labels)
  return reportOf(numbers)[0]!
}

const told: Record<string, string> = {}
for (let i = 0; i < 20; i++) {
  told['sync'] = await messageOf(() => native.panicNow('sync'))
  told['pool'] = await messageOf(() => native.panicNow('pool'))
  told['function'] = await messageOf(native.panickingFunction())
  told['task'] = await messageOf(() => native.panicInTask())
}
console.log(JSON.stringify({ told, loss: loss() }))
