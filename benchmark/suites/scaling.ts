/** How does the time of forward + gradient grow with pixels and threads? One class (sigmoid) and four (softmax). */
import type { Send, Task } from '../measure.ts'
import { race } from '../race.ts'
import { raceOptions } from '../setting.ts'
import { call, floorOf, makeCase, type Case } from './loss-inputs.ts'

const DECADES = [3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8]
const MOST_ELEMENTS = 1e8
/** The pixels on which threads are compared. */
const THREADS_AT = 2 ** 22

export function measureScaling(task: Task, send: Send): void {
  const all = task.threads.at(-1)!
  for (const classes of [1, 4]) {
    for (const decade of DECADES) {
      // A multiple of 16 like real planes; the floor sees labels four at a time.
      const pixels = Math.round(10 ** decade / 16) * 16
      if (pixels * classes > MOST_ELEMENTS) continue
      globalThis.gc?.()
      const given = makeCase(classes, pixels, Math.min(pixels, 1024))
      for (const threads of task.threads) row(`pixels, ${classes} classes`, given, threads, task, send)
    }
    const given = makeCase(classes, THREADS_AT, 1024)
    for (let threads = 1; threads <= all; threads++) row(`threads, ${classes} classes`, given, threads, task, send)
  }
}

function row(name: string, given: Case, threads: number, { level, setting }: Task, send: Send): void {
  const run = call(given, threads, true)
  const { prediction, labels, classes } = given
  const times = race([{ name: 'ours', run }, floorOf(given, threads, true, level)], raceOptions(setting))
  send({
    suite: 'scaling',
    name,
    title: `${labels.length} pixels`,
    mode: 'gradient',
    level,
    threads,
    pixels: labels.length,
    classes,
    elements: prediction.length,
    ours: times.get('ours')!,
    bytes: times.get('bytes'),
    loss: run(),
  })
}
