/** The losses that `--losses` can ask for, each with its own defaults. */

import {
  binaryCrossEntropyLoss,
  crossEntropyLoss,
  diceCrossEntropyLoss,
  diceLoss,
  focalTverskyLoss,
  jaccardLoss,
  logDiceLoss,
  tverskyLoss,
  type Activation,
  type Layout,
} from '../index.ts'

/** The options that a run sets; the others keep their defaults. */
export interface LossOptions<Known extends Activation = Activation> {
  readonly activation: Known
  readonly layout: Layout
  readonly target: 'labels'
  readonly ignoreIndex: number | undefined
  readonly threads: number | undefined
  readonly regions?: readonly (readonly number[])[]
}

interface Tensor {
  readonly data: unknown
  readonly shape: readonly number[]
}

/** A loss, with the activations that it knows. */
export interface NamedLoss {
  readonly activations: readonly Activation[]
  loss(prediction: Tensor, target: Tensor, options: LossOptions): number
}

function named<Known extends Activation>(
  activations: readonly Known[],
  evaluate: (prediction: Tensor, target: Tensor, options: LossOptions<Known>) => { readonly loss: number },
): NamedLoss {
  return {
    activations,
    loss(prediction, target, options) {
      const activation = activations.find((known) => known === options.activation)
      if (activation === undefined) throw new TypeError(`activation ${options.activation} passed the options`)
      return evaluate(prediction, target, { ...options, activation }).loss
    },
  }
}

export type LossName =
  | 'dice'
  | 'jaccard'
  | 'tversky'
  | 'focal-tversky'
  | 'log-dice'
  | 'cross-entropy'
  | 'binary-cross-entropy'
  | 'dice-cross-entropy'

const any = ['none', 'sigmoid', 'softmax'] as const
const exclusive = ['none', 'softmax'] as const
const independent = ['none', 'sigmoid'] as const

/** The loss functions by their names on the command line. */
export const losses: Readonly<Record<LossName, NamedLoss>> = {
  dice: named(any, diceLoss),
  jaccard: named(any, jaccardLoss),
  tversky: named(any, tverskyLoss),
  'focal-tversky': named(any, focalTverskyLoss),
  'log-dice': named(any, logDiceLoss),
  'cross-entropy': named(exclusive, crossEntropyLoss),
  'binary-cross-entropy': named(independent, binaryCrossEntropyLoss),
  'dice-cross-entropy': named(exclusive, diceCrossEntropyLoss),
}

export const lossNames: readonly LossName[] = Object.keys(losses) as LossName[]
