/** The losses that `--losses` can ask for, each with its own defaults. */

import {
  asymmetricSimilarityLoss,
  asymmetricUnifiedFocalLoss,
  binaryCrossEntropyLoss,
  crossEntropyLoss,
  diceBinaryCrossEntropyLoss,
  diceCrossEntropyLoss,
  diceFocalLoss,
  diceLoss,
  diceTopKLoss,
  exponentialLogarithmicLoss,
  focalLoss,
  focalTverskyLoss,
  generalizedCrossEntropyLoss,
  generalizedDiceFocalLoss,
  generalizedDiceLoss,
  jaccardLoss,
  jaccardMetricLoss,
  logDiceLoss,
  lovaszHingeLoss,
  lovaszSoftmaxLoss,
  matthewsCorrelationLoss,
  polyLoss,
  sensitivitySpecificityLoss,
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
  | 'asymmetric-similarity'
  | 'generalized-dice'
  | 'jaccard-metric'
  | 'lovasz-softmax'
  | 'lovasz-hinge'
  | 'matthews-correlation'
  | 'sensitivity-specificity'
  | 'cross-entropy'
  | 'binary-cross-entropy'
  | 'focal'
  | 'poly'
  | 'generalized-cross-entropy'
  | 'dice-cross-entropy'
  | 'dice-binary-cross-entropy'
  | 'dice-focal'
  | 'dice-top-k'
  | 'generalized-dice-focal'
  | 'exponential-logarithmic'
  | 'asymmetric-unified-focal'

const any = ['none', 'sigmoid', 'softmax'] as const
const exclusive = ['none', 'softmax'] as const
const independent = ['none', 'sigmoid'] as const

/** The loss functions by their names on the command line: those that need no option of their own. */
export const losses: Readonly<Record<LossName, NamedLoss>> = {
  dice: named(any, diceLoss),
  jaccard: named(any, jaccardLoss),
  tversky: named(any, tverskyLoss),
  'focal-tversky': named(any, focalTverskyLoss),
  'log-dice': named(any, logDiceLoss),
  'asymmetric-similarity': named(any, asymmetricSimilarityLoss),
  'generalized-dice': named(any, generalizedDiceLoss),
  'jaccard-metric': named(any, jaccardMetricLoss),
  'lovasz-softmax': named(exclusive, lovaszSoftmaxLoss),
  'lovasz-hinge': named(['sigmoid'], lovaszHingeLoss),
  'matthews-correlation': named(any, matthewsCorrelationLoss),
  'sensitivity-specificity': named(any, sensitivitySpecificityLoss),
  'cross-entropy': named(exclusive, crossEntropyLoss),
  'binary-cross-entropy': named(independent, binaryCrossEntropyLoss),
  focal: named(any, focalLoss),
  poly: named(any, polyLoss),
  'generalized-cross-entropy': named(any, generalizedCrossEntropyLoss),
  'dice-cross-entropy': named(exclusive, diceCrossEntropyLoss),
  'dice-binary-cross-entropy': named(independent, diceBinaryCrossEntropyLoss),
  'dice-focal': named(any, diceFocalLoss),
  'dice-top-k': named(exclusive, diceTopKLoss),
  'generalized-dice-focal': named(any, generalizedDiceFocalLoss),
  'exponential-logarithmic': named(exclusive, exponentialLogarithmicLoss),
  'asymmetric-unified-focal': named(exclusive, asymmetricUnifiedFocalLoss),
}

export const lossNames: readonly LossName[] = Object.keys(losses) as LossName[]
