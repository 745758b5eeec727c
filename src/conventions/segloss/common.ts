/** What SegLossOdyssey's losses have in common: `[N, C, …]`, a nonlinearity by name, labels or one-hot planes as targets. */
import type { Activation, FloatArray, Term } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import {
  channelsFirst,
  holdsLabels,
  labels,
  pixelWeights,
  onePlaneOrMore,
  type Grid,
  type Inputs,
  type Target,
} from '../arrange.ts'
import type { Job } from '../convention.ts'
import { orNull, word, type Reader } from '../reader.ts'
import { classIds, criterion } from '../terms.ts'

/** What becomes of the prediction first. */
export interface SegLossOptions {
  /**
   * The function of the prediction that gives probabilities, by name; `null`: it holds them. Default `'softmax'`, which SegLossOdyssey's
   * examples and trainers pass; its own default is `None`.
   */
  readonly applyNonlin?: 'softmax' | 'sigmoid' | null | undefined
}

/** The reader of `SegLossOptions`. */
export const NONLIN: { readonly applyNonlin: Reader<Activation, 'softmax' | 'sigmoid' | null> } = {
  applyNonlin: {
    kind: 'value',
    read: (options, name) => orNull(word(['softmax', 'sigmoid'], 'softmax'), 'softmax').read(options, name) ?? 'none',
  },
}

/** The tensors of a call: the same for every term. */
export interface Tensors extends Target {
  readonly grid: Grid
  readonly activation: Activation
  readonly pixelWeights: FloatArray | undefined
}

/**
 * Reads target and weights. Labels are `[N, 1, …]` or `[N, …]`; a target of the prediction's shape holds planes, and so does every
 * target of one channel.
 */
export function tensorsOf(inputs: Inputs, applyNonlin: Activation): Tensors {
  const { prediction, target } = inputs
  const grid = channelsFirst(prediction)
  const activated = { grid, activation: applyNonlin }
  const weights = pixelWeights(inputs, grid)
  if (holdsLabels(target, grid)) return { ...activated, ...labels(target, grid), pixelWeights: weights }
  return { ...activated, ...onePlaneOrMore(target, grid), pixelWeights: weights }
}

/** Terms on them. */
export function jobOf({ activation, ...tensors }: Tensors, terms: readonly Term[], ignoreIndex?: number): Job {
  return { ...tensors, spec: criterion({ activation, classes: tensors.grid.classes, ignoreIndex, terms }) }
}

/** Refuses targets between 0 and 1 for losses that square what they weigh. */
export function checkHard({ target, perClass }: Tensors, loss: string): void {
  const soft = perClass ? (target as FloatArray).findIndex((value) => value !== 0 && value !== 1) : -1
  if (soft < 0) return
  throw masklossError({
    code: 'ERR_MASKLOSS_TARGET',
    argument: 'target',
    expected: `0 or 1 with ${loss}`,
    actual: `${target[soft]} at element ${soft}`,
    remedy: 'pass labels or one-hot planes',
  })
}

/** The classes that count. */
export function countedClasses({ classes }: Grid, doBg: boolean): number[] {
  if (classes > 1 || doBg) return classIds(classes, doBg)
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'doBg',
    expected: 'a class beside the background',
    actual: 'one channel',
    remedy: 'leave doBg out: the channel is the foreground',
  })
}
