/** optax's losses of sigmoid: one value an element, whatever the axes are. */
import type { Term } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { broadcastInput, elements, pixelWeights, planes, type Inputs } from '../arrange.ts'
import { convention, type Arrangement, type Convention } from '../convention.ts'
import { number, orNull } from '../reader.ts'
import { binaryCrossEntropy, criterion, pixelTerm } from '../terms.ts'

/**
 * `sigmoid_binary_cross_entropy(logits, labels)` of optax 0.2: `ℓ = −t·log p − (1 − t)·log(1 − p)`, logits of any shape and labels in that shape
 * or one that broadcasts to it. `values` is one number an element, `loss` their sum. It has no options.
 */
export type SigmoidBinaryCrossEntropyOptions = Readonly<Record<string, never>>

/** {@inheritDoc SigmoidBinaryCrossEntropyOptions} */
export const sigmoidBinaryCrossEntropy: Convention<SigmoidBinaryCrossEntropyOptions> = convention(
  'optax.sigmoidBinaryCrossEntropy',
  {},
  () => (inputs) => ofElements(inputs, binaryCrossEntropy({ reduction: 'none' })),
)

/**
 * `sigmoid_focal_loss(logits, labels, …)` of optax 0.2, soft labels included: with `q = p·t + (1 − p)·(1 − t)`
 *
 *     ℓ = (alpha·t + (1 − alpha)·(1 − t))·(1 − q)^gamma·(−t·log p − (1 − t)·log(1 − p))
 *
 * Shapes, `values` and `loss` as in `sigmoidBinaryCrossEntropy`.
 */
export interface SigmoidFocalLossOptions {
  /** Weight of the positive elements, 1 − alpha of the others. Default `null`: both 1. */
  readonly alpha?: number | null | undefined
  /** ≥ 0, how much sure elements count less. Default 2. */
  readonly gamma?: number | undefined
}

/** {@inheritDoc SigmoidFocalLossOptions} */
export const sigmoidFocalLoss: Convention<SigmoidFocalLossOptions> = convention(
  'optax.sigmoidFocalLoss',
  { alpha: orNull(number(0.5)), gamma: number(2, NON_NEGATIVE) },
  ({ alpha, gamma }) => {
    const term = pixelTerm({
      function: 'focal',
      form: 'binary',
      gammas: [gamma],
      positiveWeights: alpha === undefined ? undefined : [alpha],
      negativeWeights: alpha === undefined ? undefined : [1 - alpha],
      softTarget: 'mixed',
      classes: [0],
      reduction: 'none',
    })
    return (inputs) => ofElements(inputs, term)
  },
)

function ofElements(inputs: Inputs, term: Term): Arrangement {
  const grid = elements(inputs.prediction)
  const target = planes(broadcastInput(inputs.target, grid.shape), grid)
  const spec = criterion({ activation: 'sigmoid', classes: 1, terms: [term] })
  return { jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }], valuesShape: grid.shape }
}
