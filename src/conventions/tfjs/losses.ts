/** `tf.losses`: cross-entropies with weights and reductions. */
import type { EngineCriterion, Reduction as EngineReduction } from '../../engine.ts'
import { SHARE } from '../../options.ts'
import { classesLast, elements, numbersOf, planes, withNumbers, type Grid, type Input } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { number } from '../reader.ts'
import { binaryCrossEntropy, criterion, crossEntropy } from '../terms.ts'
import { reduced, REDUCTION, type ReductionOptions } from './weighing.ts'

/**
 * `tf.losses.softmaxCrossEntropy(onehotLabels, logits, …)` of TensorFlow.js 4: `ℓ = −Σ_c t'_c·log p_c` over the last axis of the logits, planes of the
 * same shape, prediction first here. The losses have the logits' shape without the last axis; `pixelWeights` broadcasts with it.
 * tfjs' own gradient `p − t` is that of its value only where the planes sum to 1; this one always is.
 */
export interface SoftmaxCrossEntropyOptions extends ReductionOptions {
  /**
   * ε in [0, 1]: `t' = (1 − ε)·t + ε/K`, with K the extent of axis 1 as in tfjs: the number of classes of `[N, C]`, but not of more
   * axes. Default 0.
   */
  readonly labelSmoothing?: number | undefined
}

/** {@inheritDoc SoftmaxCrossEntropyOptions} */
export const softmaxCrossEntropy: Convention<SoftmaxCrossEntropyOptions> = convention(
  'tfjs.softmaxCrossEntropy',
  { ...REDUCTION, labelSmoothing: number(0, SHARE) },
  ({ labelSmoothing, reduction }) =>
    (inputs) => {
      const grid = classesLast(inputs.prediction)
      const target = planes(smoothed(inputs.target, grid, labelSmoothing), grid)
      return reduced(inputs, grid.shape.slice(0, -1), reduction, (engineReduction, pixelWeights) => {
        const terms = [crossEntropy({ reduction: engineReduction })]
        const spec = criterion({ activation: 'softmax', classes: grid.classes, terms })
        return { spec, grid, ...target, pixelWeights }
      })
    },
)

function smoothed(target: Input, { shape, classes }: Grid, epsilon: number): Input {
  if (epsilon === 0) return target
  const share = epsilon / (shape[1] ?? classes)
  const data = Float64Array.from(numbersOf(target), (t) => (1 - epsilon) * t + share)
  return withNumbers(target, data, target.tensor.shape ?? shape)
}

/**
 * `tf.losses.sigmoidCrossEntropy(multiClassLabels, logits, …)` of TensorFlow.js 4: `ℓ = −t'·log p − (1 − t')·log(1 − p)` of every element, any
 * shape, prediction first here. `pixelWeights` broadcasts with the prediction's shape.
 */
export interface SigmoidCrossEntropyOptions extends ReductionOptions {
  /** ε in [0, 1]: `t' = (1 − ε)·t + ε/2`. Default 0. */
  readonly labelSmoothing?: number | undefined
}

/** {@inheritDoc SigmoidCrossEntropyOptions} */
export const sigmoidCrossEntropy: Convention<SigmoidCrossEntropyOptions> = convention(
  'tfjs.sigmoidCrossEntropy',
  { ...REDUCTION, labelSmoothing: number(0, SHARE) },
  ({ labelSmoothing, reduction }) =>
    (inputs) => {
      const grid = elements(inputs.prediction)
      const target = planes(inputs.target, grid)
      return reduced(inputs, grid.shape, reduction, (engineReduction, pixelWeights) => {
        const terms = [binaryCrossEntropy({ labelSmoothing, reduction: engineReduction })]
        return { spec: criterion({ activation: 'sigmoid', classes: 1, terms }), grid, ...target, pixelWeights }
      })
    },
)

/**
 * `tf.losses.logLoss(labels, predictions, …)` of TensorFlow.js 4: of every element, any shape, prediction first here,
 *
 *     ℓ = −t·log(p + ε) − (1 − t)·log(1 − p + ε)
 *
 * ε is added, not clipped at; a logarithm of a negative number is NaN. Computed in TypeScript: no engine has this term. `pixelWeights` broadcasts
 * with the prediction's shape.
 */
export interface LogLossOptions extends ReductionOptions {
  /** Default 1e-7. */
  readonly epsilon?: number | undefined
}

/** {@inheritDoc LogLossOptions} */
export const logLoss: Convention<LogLossOptions> = convention(
  'tfjs.logLoss',
  { ...REDUCTION, epsilon: number(1e-7) },
  ({ epsilon, reduction }) =>
    (inputs) => {
      const grid = elements(inputs.prediction)
      const target = planes(inputs.target, grid)
      return reduced(inputs, grid.shape, reduction, (engineReduction, pixelWeights) => {
        const spec = criterion({ classes: 1, terms: [binaryCrossEntropy({ reduction: engineReduction })] })
        return { spec, own: logarithms(epsilon, engineReduction), grid, ...target, pixelWeights }
      })
    },
)

/** The sum or mean of `−t·log(p + ε) − (1 − t)·log(1 − p + ε)` over the elements, in float64 and one thread. */
function logarithms(epsilon: number, reduction: EngineReduction): EngineCriterion {
  return {
    evaluate({ prediction, target, pixelWeights, values, terms, gradient, gradientScale, accumulate }) {
      const scale = reduction === 'mean' ? 1 / prediction.length : 1
      let loss = 0
      let nonFinite = 0
      for (let index = 0; index < prediction.length; index += 1) {
        const m = scale * (pixelWeights?.[index] ?? 1)
        const before = accumulate ? (gradient?.[index] ?? 0) : 0
        let slope = 0
        if (m !== 0) {
          const t = Number(target[index])
          const hit = (prediction[index] as number) + epsilon
          const miss = 1 - (prediction[index] as number) + epsilon
          const value = m * (-t * Math.log(hit) - (1 - t) * Math.log(miss))
          slope = m * ((1 - t) / miss - t / hit)
          loss += value
          if (reduction === 'none') values[index] = value
          if (!Number.isFinite(prediction[index])) nonFinite += 1
        }
        if (gradient !== undefined) gradient[index] = before + gradientScale * slope
      }
      terms[0] = loss
      return { loss, nonFinite }
    },
  }
}
