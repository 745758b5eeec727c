/**
 * How does the time of forward + gradient grow with pixels and threads? One class (sigmoid) and four (softmax).
 *
 * What does not fit in memory is a stream: the same samples again and again, as many calls as make up the pixels.
 */
import type { Send, Task } from '../measure.ts'
import { race } from '../race.ts'
import { raceOptions } from '../setting.ts'
import { call, floorOf, makeCase, type Case } from './loss-inputs.ts'

const DECADES = [3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9]
/** What one call is given at most. */
const MOST_ELEMENTS = 1e8
/** The pixels on which threads are compared. */
const THREADS_AT = 2 ** 22

export function measureScaling(task: Task, send: Send): void {
  const all = task.threads.at(-1)!
  for (const classes of [1, 4]) {
    for (const decade of DECADES) {
      const calls = Math.ceil((10 ** decade * classes) / MOST_ELEMENTS)
      // A multiple of 16 like real planes; the floor sees labels four at a time.
      const pixels = Math.round(10 ** decade / calls / 16) * 16
      globalThis.gc?.()
      const given = makeCase(classes, pixels, Math.min(pixels, 1024))
      for (const threads of task.threads) row(`pixels, ${classes} classes`, given, calls, threads, task, send)
    }
    const given = makeCase(classes, THREADS_AT, 1024)
    for (let threads = 1; threads <= all; threads++) row(`threads, ${classes} classes`, given, 1, threads, task, send)
  }
}

function repeated(run: () => unknown, calls: number): () => void {
  return () => {
    for (let i = 0; i < calls; i++) run()
  }
}

function row(name: string, given: Case, calls: number, threads: number, { level, setting }: Task, send: Send): void {
  const run = call(given, threads, true)
  const floor = floorOf(given, threads, true, level)
  const { prediction, labels, classes } = given
  const pixels = labels.length * calls
  const contestants = [
    { name: 'ours', run: repeated(run, calls) },
    { name: floor.name, run: repeated(() => floor.run(), calls) },
  ]
  const times = race(contestants, raceOptions(setting))
  send({
    suite: 'scaling',
    name,
    title: calls === 1 ? `${pixels} pixels` : `${pixels} pixels in ${calls} calls`,
    mode: 'gradient',
    level,
    threads,
    pixels,
    classes,
    elements: prediction.length * calls,
    ours: times.get('ours')!,
    bytes: times.get('bytes'),
    loss: run(),
  })
}
