/**
 * The floor: what no implementation can be faster than on this machine, now.
 *
 * Two native functions of a build of their own (`crates/maskloss/src/floor.rs`): `touch` reads and writes the bytes of a call and does
 * nothing with them; `functions` takes the call's exponentials and logarithms of numbers in L1. The floor is the larger of the two.
 */
import { createRequire } from 'node:module'

import type { Contestant } from './race.ts'
import type { Tensors, Workload } from './workloads.ts'

interface Floor {
  simdLevels(): string[]
  touch(
    simd: string,
    threads: number,
    prediction: Float32Array,
    target: Float32Array,
    gradient: Float32Array | undefined,
    groups: number,
  ): number
  functions(simd: string, threads: number, exponentials: number, logarithms: number): number
}

let loaded: Floor | undefined
const floor = (): Floor => (loaded ??= createRequire(import.meta.url)('../floor/index.cjs') as Floor)

/** The levels of this processor, best first. */
export const simdLevels = (): string[] => floor().simdLevels()

/** The memory of an array, whatever lies in it. */
function asFloats(array: ArrayBufferView): Float32Array {
  return new Float32Array(array.buffer, array.byteOffset, array.byteLength >> 2)
}

/** The bytes of a call, only touched. */
export function touching(
  prediction: ArrayBufferView,
  target: ArrayBufferView,
  gradient: Float32Array | undefined,
  setting: { readonly level: string; readonly threads: number; readonly groups: number },
): Contestant {
  const [p, t] = [asFloats(prediction), asFloats(target)]
  const { level, threads, groups } = setting
  return { name: 'bytes', run: () => floor().touch(level, threads, p, t, gradient, groups) }
}

/** Both floors of a workload; the second only where there are functions to take. */
export function floorsOf(
  workload: Workload,
  { prediction, target }: Tensors,
  gradient: Float32Array | undefined,
  level: string,
  threads: number,
): Contestant[] {
  const { groups, logarithms } = workload
  const exponentials = workload.exponentials * (gradient === undefined ? 1 : 2)
  const bytes = touching(prediction, target, gradient, { level, threads, groups })
  if (exponentials + logarithms === 0) return [bytes]
  return [bytes, { name: 'functions', run: () => floor().functions(level, threads, exponentials, logarithms) }]
}
