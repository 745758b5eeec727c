/** What kornia's losses have in common: logits `[N, C, …]`, a weight a class, a label that does not count. */
import { INTEGER, NON_NEGATIVE } from '../../options.ts'
import { oneAClass, type Grid } from '../arrange.ts'
import { number, numbers, orNull, type Reader } from '../reader.ts'

/** What most of kornia's losses take. */
export interface KorniaOptions {
  /** One number ≥ 0 a class. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
  /** Label of pixels that do not count. `null`: none. Default −100. */
  readonly ignoreIndex?: number | null | undefined
}

/** The reader of `weight`. */
export const WEIGHT: Reader<readonly number[] | undefined, ArrayLike<number> | null> = orNull(numbers(NON_NEGATIVE))
/** The reader of `ignoreIndex`. */
export const IGNORE: Reader<number | undefined, number | null> = orNull(number(-100, INTEGER), -100)
/** ε of kornia's one-hot targets: a class that a pixel is not of has ε instead of 0. */
export const SOFTENING = 1e-6

/** The weights by class id, their number checked. */
export function weightsOf(weight: readonly number[] | undefined, { classes }: Grid): readonly number[] | undefined {
  return weight === undefined ? undefined : oneAClass(weight, classes, 'weight')
}
