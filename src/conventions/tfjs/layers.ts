/** The losses of tfjs-layers: one number for each position of all axes but the last, without weights of their own. */
import { classesLast, elements, pixelWeights, planes, sumsOf } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { clamp, divideBySum, softmax, type Path } from '../path.ts'
import { flag } from '../reader.ts'
import { binaryCrossEntropy, criterion, crossEntropy } from '../terms.ts'

/** 1e-7 and 1 − 1e-7 as tfjs has them, in float32: the upper bound is 1 − 2⁻²³. */
const [LOWER, UPPER] = [Math.fround(1e-7), Math.fround(1 - 1e-7)]

function clipped(path: Path): Path {
  return clamp(path, LOWER, UPPER)
}

/**
 * `categoricalCrossentropy(target, output, fromLogits)` of tfjs-layers 4: `ℓ = −Σ_c t_c·log q_c` over the last axis, prediction first here, with
 * `q = p/Σp`, or the softmax of logits, clipped to [1e-7, 1 − 1e-7]: beyond the clip there is no gradient. This is computed in TypeScript, in
 * memory of its own. `values` has the shape without the last axis, `loss` is their sum.
 */
export interface CategoricalCrossentropyOptions {
  /** Default `false`. */
  readonly fromLogits?: boolean | undefined
}

/** {@inheritDoc CategoricalCrossentropyOptions} */
export const categoricalCrossentropy: Convention<CategoricalCrossentropyOptions> = convention(
  'tfjs.categoricalCrossentropy',
  { fromLogits: flag(false) },
  ({ fromLogits }) =>
    (inputs) => {
      const { classes, shape } = classesLast(inputs.prediction)
      const normalize = fromLogits ? softmax : divideBySum
      const grid = classesLast(clipped(normalize(inputs.prediction, 1, classes)))
      const spec = criterion({ classes, terms: [crossEntropy({ reduction: 'none' })] })
      return {
        jobs: [{ spec, grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
        valuesShape: shape.slice(0, -1),
      }
    },
)

/**
 * `binaryCrossentropy(yTrue, yPred)` of tfjs-layers 4: the mean over the last axis of `−t·log p − (1 − t)·log(1 − p)`, probabilities clipped
 * to [1e-7, 1 − 1e-7] (in TypeScript, in memory of their own), prediction first here. `values` has the shape without the last axis, `loss` is
 * their sum. It has no options.
 */
export type BinaryCrossentropyOptions = Readonly<Record<string, never>>

/** {@inheritDoc BinaryCrossentropyOptions} */
export const binaryCrossentropy: Convention<BinaryCrossentropyOptions> = convention(
  'tfjs.binaryCrossentropy',
  {},
  () => (inputs) => {
    const grid = classesLast(clipped(inputs.prediction))
    const { classes } = grid
    const spec = criterion({ classes, terms: [binaryCrossEntropy({ weight: 1 / classes, reduction: 'none' })] })
    return {
      jobs: [{ spec, grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
      valuesShape: grid.shape.slice(0, -1),
      values: ([values]) => sumsOf(values as Float64Array, classes),
    }
  },
)

/**
 * `sigmoidCrossEntropyWithLogits(labels, logits)` of tfjs-layers 4: `ℓ = −t·log p − (1 − t)·log(1 − p)` of every element, any shape, prediction first
 * here. `values` is one number an element, `loss` their sum. It has no options.
 */
export type SigmoidCrossEntropyWithLogitsOptions = Readonly<Record<string, never>>

/** {@inheritDoc SigmoidCrossEntropyWithLogitsOptions} */
export const sigmoidCrossEntropyWithLogits: Convention<SigmoidCrossEntropyWithLogitsOptions> = convention(
  'tfjs.sigmoidCrossEntropyWithLogits',
  {},
  () => (inputs) => {
    const grid = elements(inputs.prediction)
    const spec = criterion({ activation: 'sigmoid', classes: 1, terms: [binaryCrossEntropy({ reduction: 'none' })] })
    return {
      jobs: [{ spec, grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
      valuesShape: grid.shape,
    }
  },
)
