/** Loads the engine in workers only, and ends each in the middle of its work. */
import { messageOf, worker } from './child.ts'

const TIMES = 20

const digests = new Set<string>()
for (let i = 0; i < TIMES; i++) {
  const busy = worker('./caller.worker.ts', { seed: 5, cases: 3, forever: true })
  digests.add(await messageOf<string>(busy))
  await new Promise((resolve) => setTimeout(resolve, (i * 7) % 23))
  await busy.terminate()
}
console.log(JSON.stringify({ times: TIMES, digests: digests.size }))
