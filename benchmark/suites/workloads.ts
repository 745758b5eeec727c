/** How far above its floor, and how far below plain TypeScript, is each workload? */
import * as maskloss from 'maskloss'
import * as plain from 'maskloss/reference'

import { floorsOf } from '../floor.ts'
import type { Send, Task } from '../measure.ts'
import { race, timeAlone, type Contestant, type Summary } from '../race.ts'
import type { Mode } from '../rows.ts'
import { isWanted, raceOptions } from '../setting.ts'
import { workloads, type Workload } from '../workloads.ts'

/** Measures every wanted workload, forward and with the gradient, on each number of threads. */
export function measureWorkloads(task: Task, send: Send): void {
  for (const workload of workloads(task.setting.small)) {
    if (isWanted(task.setting.only, workload.name)) measure(workload, task, send)
    globalThis.gc?.()
  }
}

function measure(workload: Workload, { setting, level, threads: counts, best }: Task, send: Send): void {
  const tensors = workload.make()
  const buffer = workload.hasGradient ? new Float32Array(tensors.prediction.length).fill(1) : undefined
  const modes: Mode[] = workload.hasGradient ? ['forward', 'gradient'] : ['forward']
  for (const mode of modes) {
    const gradient = mode === 'gradient' ? buffer : undefined
    const alone = { name: 'reference', run: workload.prepare(plain, tensors, 1, gradient) }
    const takenPlain = best && setting.reference ? timePlain(alone, setting.quick) : undefined
    for (const threads of counts) {
      const run = workload.prepare(maskloss, tensors, threads, gradient)
      const floors = floorsOf(workload, tensors, gradient, level, threads)
      const times = race([{ name: 'ours', run }, ...floors], raceOptions(setting))
      send({
        suite: 'workloads',
        name: workload.name,
        title: workload.title,
        mode,
        level,
        threads,
        pixels: workload.shape.reduce((a, b) => a * b, 1) / (workload.hasGradient ? workload.classes : 1),
        classes: workload.classes,
        elements: tensors.prediction.length,
        ours: times.get('ours')!,
        bytes: times.get('bytes'),
        functions: times.get('functions'),
        reference: takenPlain,
        loss: run(),
      })
    }
  }
}

/** A call of seconds is taken once, one of milliseconds after a warm-up. */
function timePlain(contestant: Contestant, quick: boolean): Summary {
  const first = timeAlone(contestant, 1)
  if (first.median > 2000) return first
  if (first.median > 50) return timeAlone(contestant, quick ? 1 : 3)
  return race([contestant], { rounds: quick ? 5 : 15, budget: 3000 }).get(contestant.name)!
}
