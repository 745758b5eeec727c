/** What is measured, one line a row. */
import type { Summary } from './race.ts'

export type Suite = 'workloads' | 'scaling' | 'classes' | 'dtypes' | 'layouts' | 'compounds'
export type Mode = 'forward' | 'gradient'

export interface Row {
  readonly suite: Suite
  readonly name: string
  readonly title: string
  /** `gradient`: the loss and its gradient into a given buffer. */
  readonly mode: Mode
  readonly level: string
  readonly threads: number
  readonly pixels: number
  readonly classes: number
  /** Elements of the prediction. */
  readonly elements: number
  readonly ours: Summary
  /** The floors that apply. */
  readonly bytes?: Summary | undefined
  readonly functions?: Summary | undefined
  /** The plain TypeScript engine: one thread. */
  readonly reference?: Summary | undefined
  /** What this row is held against (`dtypes`: labels in bytes, `layouts`: channels first, `compounds`: Dice). */
  readonly baseline?: Summary | undefined
  readonly loss: number
}

/** How many times the floor a row takes, NaN without one. */
export function timesFloor({ ours, bytes, functions }: Row): number {
  if (bytes === undefined) return NaN
  return ours.median / Math.max(bytes.median, functions?.median ?? 0)
}

/** How many times `other` a row takes, NaN without it. */
export const times = (row: Row, other: Summary | undefined): number => row.ours.median / (other?.median ?? NaN)

export const describeMode = (mode: Mode): string => (mode === 'gradient' ? 'forward + gradient' : 'forward')

/** Identifies what a peer's time is compared with. */
export const workloadKey = (name: string, mode: Mode): string => `${name} ${mode}`
