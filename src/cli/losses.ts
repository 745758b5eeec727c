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
} from '../index.ts'

const any = ['none', 'sigmoid', 'softmax'] as const
const exclusive = ['none', 'softmax'] as const
const independent = ['none', 'sigmoid'] as const

/** The loss functions by their names on the command line, with the activations that they know. */
export const losses = {
  dice: { evaluate: diceLoss, activations: any },
  jaccard: { evaluate: jaccardLoss, activations: any },
  tversky: { evaluate: tverskyLoss, activations: any },
  'focal-tversky': { evaluate: focalTverskyLoss, activations: any },
  'log-dice': { evaluate: logDiceLoss, activations: any },
  'cross-entropy': { evaluate: crossEntropyLoss, activations: exclusive },
  'binary-cross-entropy': { evaluate: binaryCrossEntropyLoss, activations: independent },
  'dice-cross-entropy': { evaluate: diceCrossEntropyLoss, activations: exclusive },
} as const

export type LossName = keyof typeof losses

export const lossNames = Object.keys(losses) as readonly LossName[]
