/** What must not end the process, in processes of their own whose exit code is looked at. */
import { child, type Ended, messageOf, worker } from './native/child.ts'
import { digest } from './native/digest.ts'
import { nativeTest } from './native/engine.ts'

/** Growth over 10,000 failing calls that are given more than 40 MiB, in the best of some rounds: the allocator's own play, and no array. */
const GROWTH = 8 << 20

interface Told {
  readonly [name: string]: unknown
}

function told({ status, stdout, stderr }: Ended): Told {
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout) as Told
}

nativeTest('every export with every kind of wrong argument in every place', async (t) => {
  t.timeout(120_000)
  const { calls, refused, values, strange, loss } = told(await child('./arguments.child.ts'))
  t.log(`${String(calls)} calls with ${String(values)} values, ${String(refused)} refused`)
  t.deepEqual(strange, [])
  t.true((calls as number) > 5000 && (refused as number) > 3000)
  t.true(Math.abs((loss as number) - Math.LN2) < 1e-6)
})

nativeTest('20,000 plans that the face never makes', async (t) => {
  t.timeout(120_000)
  const { plans, outcomes, computes } = told(await child('./plans.child.ts', '1'))
  t.log(`${String(plans)} plans: ${JSON.stringify(outcomes)}`)
  t.true(computes)
  // A panic would be caught, and told in other words.
  t.deepEqual(
    Object.keys(outcomes as object).filter((told) => !/^(?:status \d|Expected )/.test(told)),
    [],
  )
})

nativeTest('10,000 calls that end in an error keep nothing', async (t) => {
  t.timeout(120_000)
  const { calls, errors, grown } = told(await child('./soak.child.ts'))
  t.log(`grown by ${((grown as number) / 2 ** 20).toFixed(1)} MiB`)
  t.is(errors, calls)
  t.true((grown as number) < GROWTH)
})

nativeTest('workers that call at once have the same numbers', async (t) => {
  t.timeout(120_000)
  const workers = Array.from({ length: 4 }, () => worker('./caller.worker.ts', { seed: 11, cases: 25, forever: false }))
  const found = await Promise.all(workers.map((each) => messageOf<string>(each)))
  t.deepEqual([...new Set(found)], [digest(11, 25)])
})

nativeTest('the engine loaded in a worker only, 20 times ended in the middle of its work', async (t) => {
  t.timeout(120_000)
  const { times, digests } = told(await child('./terminate.child.ts'))
  t.is(times, 20)
  t.is(digests, 1)
})

nativeTest('data that another thread changes meanwhile', async (t) => {
  t.timeout(120_000)
  const { calls, outcomes } = told(await child('./race.child.ts'))
  t.log(`${String(calls)} calls, by status: ${JSON.stringify(outcomes)}`)
  t.is(calls, 400)
})
