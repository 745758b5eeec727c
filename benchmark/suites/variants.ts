/** What does a number of classes, a type of label or a layout cost that says the same thing? */
import type { Send, Task } from '../measure.ts'
import { race, type Summary } from '../race.ts'
import type { Mode, Row, Suite } from '../rows.ts'
import { raceOptions } from '../setting.ts'
import { call, floorOf, makeCase, pixelsFor, WIDTH, type Case } from './loss-inputs.ts'

const CLASSES = [1, 2, 3, 4, 8, 16, 19, 32, 64, 100, 150, 300, 1000]
const LAYOUT_CLASSES = [2, 4, 19, 150]
const DTYPE_CLASSES = 4
const MODES: readonly Mode[] = ['forward', 'gradient']

function row(
  suite: Suite,
  name: string,
  given: Case,
  mode: Mode,
  threads: number,
  level: string,
  measured: Pick<Row, 'ours' | 'loss' | 'bytes' | 'baseline'>,
): Row {
  const { labels, classes, prediction } = given
  const title = classes === 1 ? 'sigmoid Dice, 1 class' : `softmax Dice + CE, ${classes} classes`
  return {
    suite,
    name,
    title,
    mode,
    level,
    threads,
    pixels: labels.length,
    classes,
    elements: prediction.length,
    ...measured,
  }
}

/** Time an element against the number of classes. */
export function measureClasses({ threads: counts, level, setting }: Task, send: Send): void {
  for (const classes of CLASSES) {
    globalThis.gc?.()
    const given = makeCase(classes, pixelsFor(classes), WIDTH)
    for (const mode of MODES) {
      for (const threads of counts) {
        const gradient = mode === 'gradient'
        const run = call(given, threads, gradient)
        const taken = race([{ name: 'ours', run }, floorOf(given, threads, gradient, level)], raceOptions(setting))
        const measured = { ours: taken.get('ours')!, bytes: taken.get('bytes'), loss: run() }
        send(row('classes', `${classes} classes`, given, mode, threads, level, measured))
      }
    }
  }
}

/** Every type of label against bytes. */
export function measureDtypes({ threads: counts, level, setting }: Task, send: Send): void {
  const given = makeCase(DTYPE_CLASSES, pixelsFor(DTYPE_CLASSES), WIDTH)
  const { labels } = given
  const wide = BigInt64Array.from(labels, BigInt)
  const targets = {
    uint8: labels,
    int8: Int8Array.from(labels),
    uint16: Uint16Array.from(labels),
    int16: Int16Array.from(labels),
    uint32: Uint32Array.from(labels),
    int32: Int32Array.from(labels),
    float32: Float32Array.from(labels),
    float64: Float64Array.from(labels),
    int64: wide,
    uint64: new BigUint64Array(wide.buffer),
  }
  for (const mode of MODES) {
    for (const threads of counts) {
      const contestants = Object.entries(targets).map(([name, target]) => ({
        name,
        run: call(given, threads, mode === 'gradient', target),
      }))
      const taken = race(contestants, raceOptions(setting))
      for (const { name, run } of contestants) {
        const measured = { ours: taken.get(name)!, baseline: taken.get('uint8'), loss: run() }
        send(row('dtypes', name, given, mode, threads, level, measured))
      }
    }
  }
}

/** Channels last against channels first. */
export function measureLayouts({ threads: counts, level, setting }: Task, send: Send): void {
  for (const classes of LAYOUT_CLASSES) {
    globalThis.gc?.()
    const cases = [false, true].map((last) => makeCase(classes, pixelsFor(classes), WIDTH, last)) as [Case, Case]
    for (const mode of MODES) {
      for (const threads of counts) {
        const contestants = cases.map((given) => ({
          name: given.channelsLast ? 'last' : 'first',
          run: call(given, threads, mode === 'gradient'),
        }))
        const taken = race(contestants, raceOptions(setting))
        const baseline: Summary = taken.get('first')!
        const measured = { ours: taken.get('last')!, baseline, loss: contestants[1]!.run() }
        send(row('layouts', `channels last, ${classes}`, cases[1], mode, threads, level, measured))
      }
    }
  }
}
