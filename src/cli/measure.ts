/** The scores and losses of one case, by the public functions. */

import type { FileTensor } from '../files/tensor.ts'
import { Scores, type Activation, type ScoresState } from '../index.ts'
import { readingOf, type Reading } from './geometry.ts'
import { losses, type LossOptions } from './losses.ts'
import type { ScoreOptions } from './options.ts'

/** What one case adds to the whole. */
export interface Measured {
  readonly state: ScoresState
  readonly losses: Readonly<Record<string, number>> | undefined
}

/** The options of maskloss's own functions that a run sets. */
export type MeasureOptions = Pick<
  ScoreOptions,
  'activation' | 'layout' | 'labels' | 'losses' | 'ignoreIndex' | 'includeBackground' | 'threads'
>

/** How class scores become labels: the largest wins; one class, or independent ones, count from probability ½. */
function decisionOf({ kind, classes }: Reading, activation: MeasureOptions['activation']) {
  if (kind === 'labels') return { decision: 'labels' } as const
  if (activation === 'sigmoid') return { decision: 'threshold', threshold: 0 } as const
  return classes === 1 ? ({ decision: 'threshold', threshold: 0.5 } as const) : ({ decision: 'argmax' } as const)
}

/** Scores a prediction. */
export function measure(prediction: FileTensor, reference: FileTensor, options: MeasureOptions): Measured {
  const reading = readingOf(prediction, reference, options)
  const { labels, ignoreIndex, includeBackground, threads } = options
  const predicted = { data: prediction.data, shape: reading.shape }
  const truth = { data: reference.data, shape: reading.pixels }
  const decision = decisionOf(reading, options.activation)
  const scores = new Scores({ layout: reading.layout, labels, ignoreIndex, includeBackground, ...decision })
  scores.update(predicted, truth, { threads })
  const found = reading.kind === 'scores' && options.losses.length > 0 ? lossesOf(options.activation) : undefined
  return { state: scores.toJSON(), losses: found }

  function lossesOf(activation: Activation | undefined): Record<string, number> {
    if (activation === undefined) throw new TypeError('losses without an activation passed the options')
    // Planes that are not labels 0 … C − 1: plane k stands for the k-th of the given labels.
    const regions = decision.decision === 'threshold' && labels !== undefined ? { regions: labels.map((l) => [l]) } : {}
    const given: LossOptions = {
      activation,
      layout: reading.layout,
      target: 'labels',
      ignoreIndex,
      threads,
      ...regions,
    }
    return Object.fromEntries(options.losses.map((name) => [name, losses[name].loss(predicted, truth, given)]))
  }
}
