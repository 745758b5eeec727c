/**
 * Losses of maskloss for models of TensorFlow.js. Value and gradient come from the engine the criterion came with. tfjs is the
 * user's own: no other module imports it, and none imports this one.
 */
import { customGrad, mul, scalar, tensor, type Scalar, type Tensor } from '@tensorflow/tfjs-core'
import { slotsOf } from './call.ts'
import { ConventionEvaluation, type ConventionCriterion } from './conventions/convention.ts'
import { originOf, type LossCriterion } from './criterion.ts'
import { describe } from './describe.ts'
import type { FloatArray } from './engine.ts'
import { masklossError } from './errors.ts'
import { Evaluation } from './evaluation.ts'
import type { Layout } from './layout.ts'
import type { Plan } from './loss.ts'
import type { LossResult, WithGradient } from './result.ts'

/** A loss as tfjs takes it: labels first. */
export type TfLoss = (yTrue: Tensor, yPred: Tensor) => Scalar

/**
 * A criterion as a loss of TensorFlow.js: for `model.compile` and, the same function, for a training loop of your own.
 *
 *     model.compile({ optimizer: 'adam', loss: tfLoss(new DiceLoss({ activation: 'softmax' })) })
 *
 *     const loss = tfLoss(criterion)
 *     const { value, grads } = tf.variableGrads(() => loss(yTrue, model.apply(x, { training: true })))
 *
 * Its value is the scalar L = criterion(yPred, yTrue), float32. Where backpropagation comes back to L with dy = ∂F/∂L, it goes on
 * with
 *
 *     ∂F/∂yPred = dy · ∂L/∂yPred
 *
 * The arguments of the function it returns:
 * - `yPred`: logits or probabilities, as the criterion's `activation` says; float32. Where the criterion has no `layout`, samples
 *   are the first axis and classes the last: [N, C], [N, W, C], [N, H, W, C] or [N, D, H, W, C].
 * - `yTrue`: one plane a class in the shape of `yPred`, or one label a pixel in that shape without its last axis, or with 1 there;
 *   float32, int32 or bool. It is a constant: no gradient flows into it. `model.fit` wants it in the shape of the model's output,
 *   that is as planes; `tf.variableGrads` leaves the choice.
 *
 * Both are read by `dataSync()`: in place on tfjs' cpu backend, with a copy on wasm, with a transfer from the GPU on WebGL. The
 * gradient has no derivative of its own; taking one throws. What `criterion.evaluate` refuses is refused here with the same errors,
 * and a disposed tensor with tfjs' own.
 * @param criterion - Any loss of `maskloss` or `maskloss/reference`, also `combine`'s, whose loss is one number; or one of
 *   `conventions.keras`, `conventions.optax` or `conventions.tfjs`, with `yPred` and `yTrue` as that library takes them.
 * @throws {MasklossTypeError} For what is no criterion, and for reduction `'none'`; the latter of a convention when it is called.
 * @throws {MasklossRangeError} For a layout, or a library, whose channels come first.
 */
export function tfLoss(criterion: LossCriterion<never> | ConventionCriterion): TfLoss {
  if (criterion instanceof ConventionEvaluation) return conventionLoss(criterion)
  const { plan, source } = originOf(criterion, 'criterion')
  checkPlan(plan)
  const warned = { warned: false }
  const byRank = DEFAULTS.map(
    (layout) => new Evaluation({ ...plan, layout: plan.layout ?? layout }, source, 'tfLoss', warned),
  )
  // A rank that tfjs' images never have gets the error of a layout that is missing.
  const evaluationOf = (rank: number): Evaluation => byRank[rank] ?? (byRank[0] as Evaluation)
  return function loss(yTrue, yPred) {
    return differentiable(yPred, () => evaluationOf(yPred.rank).evaluate(yPred, yTrue, WITH_GRADIENT) as Differentiated)
  }
}

/** The libraries whose channels come last. */
const CHANNELS_LAST: readonly string[] = ['keras', 'optax', 'tfjs']

function conventionLoss(criterion: ConventionEvaluation): TfLoss {
  const { name } = criterion
  if (!CHANNELS_LAST.includes(name.split('.')[1] as string)) {
    const remedy = `use one of conventions.${CHANNELS_LAST.join(', conventions.')}, or a criterion of maskloss`
    throw channelsFirst('criterion', name, remedy)
  }
  return function loss(yTrue, yPred) {
    return differentiable(yPred, () => {
      const result: LossResult = criterion.evaluate(yPred, yTrue, { gradient: true })
      if (result.valuesShape.length > 0) {
        const actual = `${name}, which returns [${result.valuesShape.join(', ')}]`
        throw unreduced(actual, `${REDUCED}, where it has that option; otherwise take a loss that is one number`)
      }
      return result as Differentiated
    })
  }
}

/** The layouts of tfjs by rank. */
const DEFAULTS: readonly (Layout | undefined)[] = [undefined, undefined, 'NC', 'NWC', 'NHWC', 'NDHWC']

const WITH_GRADIENT = slotsOf({ gradient: true })

type Differentiated = LossResult & WithGradient<FloatArray>

/**
 * The result of an evaluation as a function of z. The gradient is computed along with the value, though nobody may ask for it, as in
 * `model.evaluate`: tfjs does not say so beforehand, and later it would cost a pass more, the one that makes the sums again.
 */
function differentiable(z: Tensor, evaluate: () => Differentiated): Scalar {
  const forward = customGrad((_z, save) => {
    const { loss, gradient } = evaluate()
    // tfjs keeps what is saved only while it records for backpropagation.
    ;(save as (saved: Tensor[]) => void)([z, tensor(gradient, z.shape, 'float32')])
    return {
      value: scalar(loss, 'float32'),
      gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved[0] as Tensor, saved[1] as Tensor),
    }
  })
  return forward(z)
}

/**
 * dy · ∂L/∂z. As a product of tfjs it would be linear in dy and constant in z: a second derivative would lack what the loss adds to
 * it, without a word.
 */
function backward(dy: Tensor, z: Tensor, gradient: Tensor): Tensor {
  const product = customGrad(() => ({
    value: mul(dy, gradient),
    gradFunc: () => {
      throw masklossError({
        code: 'ERR_MASKLOSS_DERIVATIVE',
        argument: 'tfLoss',
        expected: 'a first derivative',
        actual: 'a derivative of its gradient',
        remedy: 'write the loss in operations of tfjs where second derivatives are needed',
      })
    },
  }))
  return product(dy, z)
}

function checkPlan({ layout, parts }: Plan): void {
  if (layout !== undefined && layout.includes('C') && !layout.endsWith('C')) {
    throw channelsFirst('layout', describe(layout), 'leave layout out of the criterion')
  }
  const part = parts.find(({ reduction }) => reduction === 'none')
  if (part !== undefined) throw unreduced(`'none' in ${part.name}`, REDUCED)
}

function channelsFirst(argument: string, actual: string, remedy: string): Error {
  const expected = 'channels last, as tfjs has them,'
  return masklossError({ code: 'ERR_MASKLOSS_LAYOUT', argument, expected, actual, remedy })
}

const REDUCED = "pass a reduction to one number, as 'mean' or 'sum'"

function unreduced(actual: string, remedy: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'reduction',
    expected: 'one number to differentiate',
    actual,
    remedy,
  })
}
