/** The grid of the study. */
import { LOSS_NAMES, type TrainedOn } from './losses.ts'
import { OPTIMISERS, type OptimiserName } from './optimiser.ts'

/** What one figure shows: all but the loss that is trained on, and the run. */
export interface Setting {
  readonly optimiser: OptimiserName
  readonly batchNorm: boolean
  /** Pixels above it are foreground. */
  readonly threshold: number
}

/** One training. */
export interface Run extends Setting {
  readonly loss: TrainedOn
  /** From 1; the seed of weights and images. The runs of one number differ in their loss and setting only. */
  readonly run: number
  /** Steps of the optimiser; before each, everything is recorded. */
  readonly iterations: number
}

export interface Choice {
  readonly optimisers: readonly OptimiserName[]
  readonly batchNorms: readonly boolean[]
  readonly thresholds: readonly number[]
  readonly losses: readonly TrainedOn[]
  readonly runs: number
  readonly iterations: number
}

export const WHOLE: Choice = {
  optimisers: Object.keys(OPTIMISERS) as OptimiserName[],
  batchNorms: [false, true],
  thresholds: [0.05, 0.5, 0.95],
  losses: LOSS_NAMES,
  runs: 3,
  iterations: 10_001,
}

export function settingsOf({ optimisers, batchNorms, thresholds }: Choice): Setting[] {
  return optimisers.flatMap((optimiser) =>
    batchNorms.flatMap((batchNorm) => thresholds.map((threshold) => ({ optimiser, batchNorm, threshold }))),
  )
}

/** All runs of a choice, a setting after the other. */
export function runsOf(choice: Choice): Run[] {
  const { losses, runs, iterations } = choice
  return settingsOf(choice).flatMap((setting) =>
    losses.flatMap((loss) => Array.from({ length: runs }, (_, i) => ({ ...setting, loss, run: i + 1, iterations }))),
  )
}

/** Name of a setting's files, such as `adam-bn-0.05`. */
export const nameOf = ({ optimiser, batchNorm, threshold }: Setting): string =>
  `${optimiser}-${batchNorm ? 'bn' : 'plain'}-${threshold}`
