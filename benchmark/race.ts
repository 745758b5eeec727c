/** Times contestants against each other: interleaved, so that what the machine does meanwhile meets all of them. */

/** One that is timed. */
export interface Contestant {
  readonly name: string
  run(): unknown
}

/** Milliseconds a call. */
export interface Summary {
  readonly median: number
  readonly lower: number
  readonly upper: number
  readonly rounds: number
}

export interface RaceOptions {
  readonly rounds: number
  /** No new round starts after so many milliseconds, but three. */
  readonly budget: number
}

const LEAST_ROUNDS = 3
/** A timed stretch lasts at least so many milliseconds: a clock of microseconds must not show. */
const STRETCH = 0.5
/** What waking up costs must not show in a call that takes less than this: it is measured warm. */
const SMALL = 0.05
const STRETCH_OF_SMALL = 5
/** Milliseconds: less, and the compiler of V8 is still at work on calls of microseconds. */
const WARM_UP = 100
const WARM_UP_CALLS = 2

const cell = new Int32Array(new SharedArrayBuffer(4))
/** Waits until the threads of the contestant before are asleep. */
const settle = (): void => void Atomics.wait(cell, 0, 0, 0.1)

function time(contestant: Contestant, calls: number): number {
  const began = performance.now()
  for (let i = 0; i < calls; i++) contestant.run()
  return (performance.now() - began) / calls
}

/** Warms up, and finds how many calls make a stretch. */
function calibrate(contestant: Contestant): number {
  const began = performance.now()
  let calls = 0
  while (calls < WARM_UP_CALLS || performance.now() - began < WARM_UP) {
    time(contestant, 1)
    calls++
  }
  const call = (performance.now() - began) / calls
  return Math.ceil((call < SMALL ? STRETCH_OF_SMALL : STRETCH) / call)
}

/** Runs every contestant once a round, another one first each time. */
export function race(contestants: readonly Contestant[], { rounds, budget }: RaceOptions): Map<string, Summary> {
  const calls = contestants.map(calibrate)
  const times = contestants.map((): number[] => [])
  const began = performance.now()
  for (let round = 0; round < rounds; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - began > budget) break
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length
      settle()
      times[index]!.push(time(contestants[index]!, calls[index]!))
    }
  }
  return new Map(contestants.map(({ name }, index) => [name, summarize(times[index]!)]))
}

/** Runs one alone, a few times: for what takes seconds. */
export function timeAlone(contestant: Contestant, rounds: number): Summary {
  return summarize(Array.from({ length: rounds }, () => time(contestant, 1)))
}

export function summarize(times: readonly number[]): Summary {
  const sorted = times.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
    rounds: sorted.length,
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}
