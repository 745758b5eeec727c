/** Softmax Dice + CE on made-up shapes, for the suites that vary one thing. */
import * as maskloss from 'maskloss'

import { fillLabels, fillLogits } from '../data.ts'
import { touching } from '../floor.ts'
import type { Contestant } from '../race.ts'

export interface Case {
  readonly prediction: Float32Array
  readonly labels: Uint8Array | Uint16Array
  readonly gradient: Float32Array
  readonly shape: readonly number[]
  readonly classes: number
  readonly channelsLast: boolean
}

/** 64 MB of logits. */
const ELEMENTS = 2 ** 24
export const WIDTH = 1024

/** As many pixels as those elements hold, in whole blocks. */
export const pixelsFor = (classes: number): number => Math.floor(ELEMENTS / classes / 64) * 64

/** One sample of `pixels` in rows of `width`. */
export function makeCase(classes: number, pixels: number, width: number, channelsLast = false): Case {
  // Regions repeat the first 250 classes: a byte each, and the fewest passes over the labels.
  const bytes = fillLabels(new Uint8Array(pixels), width, Math.min(Math.max(classes, 2), 250))
  const prediction = fillLogits(new Float32Array(pixels * classes), bytes, classes, pixels, channelsLast)
  const labels = classes > 250 ? Uint16Array.from(bytes) : bytes
  const gradient = new Float32Array(prediction.length).fill(1)
  const shape = channelsLast ? [1, pixels, classes] : [1, classes, pixels]
  return { prediction, labels, gradient, shape, classes, channelsLast }
}

/** One call; `target` stands in for the case's own labels. */
export function call(
  { prediction, labels, gradient, shape, classes, channelsLast }: Case,
  threads: number,
  withGradient: boolean,
  target: Parameters<typeof maskloss.diceLoss>[1] = labels,
): () => number {
  const options = {
    shape,
    layout: channelsLast ? 'NWC' : 'NCW',
    threads,
    gradient: withGradient ? gradient : undefined,
  } as const
  if (classes === 1) {
    const sigmoid = { ...options, activation: 'sigmoid', target: 'labels' } as const
    return () => maskloss.diceLoss(prediction, target, sigmoid).loss
  }
  const softmax = { ...options, activation: 'softmax', target: 'labels', dice: { scorePer: 'class' } } as const
  return () => maskloss.diceCrossEntropyLoss(prediction, target, softmax).loss
}

/** The bytes of that call. */
export function floorOf(given: Case, threads: number, withGradient: boolean, level: string): Contestant {
  const { prediction, labels, gradient } = given
  return touching(prediction, labels, withGradient ? gradient : undefined, { level, threads, groups: 1 })
}
