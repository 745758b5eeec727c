/** How much memory does a call take beyond its arrays? The peak of the resident set, reset before the call (Linux). */
import { readFileSync, writeFileSync } from 'node:fs'

import { workloads, type Face } from './workloads.ts'

export interface Memory {
  readonly workload: string
  /** Bytes; undefined where the system does not tell. */
  readonly extra: number | undefined
}

function resident(field: 'VmHWM' | 'VmRSS'): number {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

/** The first call of a process on W3, with its gradient in a given buffer; a small call before it has loaded the code. */
export function peakMemory(face: typeof Face, threads: number): Memory[] {
  const all = workloads(true)
  return ['W3'].map((name) => {
    const workload = all.find((each) => each.name === name)!
    const tensors = workload.make()
    const gradient = new Float32Array(tensors.prediction.length).fill(1)
    const labels = new Uint8Array(64 * 64)
    const shape = [1, workload.classes, 64, 64]
    face.diceLoss(new Float32Array(workload.classes * labels.length), labels, { activation: 'softmax', shape, threads })
    const run = workload.prepare(face, tensors, threads, gradient)
    if (process.platform !== 'linux') return { workload: name, extra: undefined }
    writeFileSync('/proc/self/clear_refs', '5')
    const before = resident('VmRSS')
    run()
    return { workload: name, extra: resident('VmHWM') - before }
  })
}
