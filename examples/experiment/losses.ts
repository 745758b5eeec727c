/** The losses of the study, computed by maskloss from probabilities `[images, rows, columns, 2]`. */
import { conventions } from 'maskloss'

/** In the order of the figures. */
export const LOSSES = {
  CCE: conventions.seed.cce(),
  DICE: conventions.seed.dice(),
  DICEFG: conventions.seed.dicefg(),
  DICE_SQUARE: conventions.seed.diceSquare(),
  DICEFG_SQUARE: conventions.seed.dicefgSquare(),
} as const

export type LossName = keyof typeof LOSSES

export const LOSS_NAMES = Object.keys(LOSSES) as LossName[]

/** What a run is trained on: a loss, or the sum of some, such as `DICE+CCE`. */
export type TrainedOn = LossName | `${LossName}+${string}`

/** The losses of a sum; undefined where one is unknown or comes twice. */
export function partsOf(sum: string): LossName[] | undefined {
  const parts = sum.split('+')
  const known = parts.every((part): part is LossName => Object.hasOwn(LOSSES, part))
  return known && new Set(parts).size === parts.length ? parts : undefined
}
