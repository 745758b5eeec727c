/** One process of a run: measures every wanted suite at one SIMD level and sends the rows to `bench.ts`, as they come. */
import * as maskloss from 'maskloss'

import { peakMemory } from './memory.ts'
import type { Row } from './rows.ts'
import type { Setting } from './setting.ts'
import { measureCompounds } from './suites/compounds.ts'
import { measureScaling } from './suites/scaling.ts'
import { measureClasses, measureDtypes, measureLayouts } from './suites/variants.ts'
import { measureWorkloads } from './suites/workloads.ts'

/** What a process is told. */
export interface Task {
  readonly setting: Setting
  readonly level: string
  /** Numbers of threads, ascending; the last one is all. */
  readonly threads: readonly number[]
  /** Whether this is the best level: what does not depend on the level is measured there. */
  readonly best: boolean
  readonly memory: boolean
}

export type Send = (row: Row) => void

const SUITES = {
  workloads: measureWorkloads,
  scaling: measureScaling,
  classes: measureClasses,
  dtypes: measureDtypes,
  layouts: measureLayouts,
  compounds: measureCompounds,
}

process.once('message', (task: Task) => {
  const { simd, backend } = maskloss.runtime()
  if (backend !== 'native' || simd !== task.level)
    throw new Error(`Expected native ${task.level}, got ${backend} ${simd}`)
  const send = (message: object): void => void process.send!(message)
  if (task.memory) send({ memory: peakMemory(maskloss, task.threads.at(-1)!) })
  else for (const suite of task.setting.suites) SUITES[suite](task, send)
  // The last message also tells that those before have left.
  process.send!({ memory: [] }, () => process.disconnect())
})
