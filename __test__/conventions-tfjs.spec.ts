import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import {
  checkCriterion,
  difference,
  labels,
  logits,
  oneHot,
  probabilities,
  tensor,
  type Shaped,
} from './cases/conventions.ts'
import { thrown } from './faces.ts'

const { tfjs } = conventions
const REDUCTIONS = ['NONE', 'SUM', 'MEAN', 'SUM_BY_NONZERO_WEIGHTS'] as const
const LOGITS = logits(3, 4)
const PLANES = oneHot(labels(4, 3), 4)
const SOFT = probabilities(3, 4)
const some = (length: number, ...shape: number[]): Shaped =>
  tensor(
    Float64Array.from({ length }, (_, i) => (i % 3 === 1 ? 0 : 0.5 + i / 4)),
    ...shape,
  )

const WEIGHTS: readonly Shaped[] = [some(12, 3, 4), some(4, 4), some(3, 3, 1), some(1, 1), some(24, 2, 3, 4)]
const ENTRIES: readonly (readonly [name: 'sigmoidCrossEntropy' | 'logLoss', prediction: Shaped])[] = [
  ['sigmoidCrossEntropy', LOGITS],
  ['logLoss', SOFT],
]

for (const [name, prediction] of ENTRIES) {
  for (const reduction of REDUCTIONS) {
    test(`${name} weighs as arrays are broadcast: ${reduction}`, (t) => {
      const criterion = tfjs[name]({ reduction })
      checkCriterion(t, criterion, prediction, probabilities(3, 4))
      const { values: losses } = tfjs[name]({ reduction: 'NONE' }).evaluate(prediction, SOFT)
      for (const pixelWeights of WEIGHTS) {
        checkCriterion(t, criterion, prediction, SOFT, { pixelWeights })
        const { shape, data } = pixelWeights
        const copies = shape.length === 3 ? 2 : 1
        const at = (i: number): number => {
          if (shape.length === 3) return data[i]!
          if (shape[0] === 1) return data[0]!
          return shape.length === 1 ? data[i % 4]! : data[shape[1] === 1 ? Math.floor(i / 4) : i]!
        }
        const weighted = Array.from({ length: 12 * copies }, (_, i) => at(i) * losses[i % 12]!)
        const given = Float64Array.from(data).reduce((sum, weight) => sum + weight, 0)
        const divisor = {
          NONE: 1,
          SUM: 1,
          MEAN: given * Math.max(1, 12 / data.length),
          SUM_BY_NONZERO_WEIGHTS: weighted.filter((value) => value !== 0).length,
        }[reduction]
        const total = weighted.reduce((sum, value) => sum + value, 0)
        const { values, valuesShape } = criterion.evaluate(prediction, SOFT, { pixelWeights })
        t.true(difference(values, reduction === 'NONE' ? weighted : [total / divisor]) < 1e-12)
        t.deepEqual(valuesShape, reduction === 'NONE' ? (copies === 2 ? [2, 3, 4] : [3, 4]) : [])
      }
    })
  }
}

const ROWS: readonly (readonly [title: string, criterion: ConventionCriterion, prediction: Shaped, target: Shaped])[] =
  [
    ['softmax', tfjs.softmaxCrossEntropy({ labelSmoothing: 0.2, reduction: 'NONE' }), LOGITS, PLANES],
    ['softmax of planes that do not sum to 1', tfjs.softmaxCrossEntropy(), logits(2, 3, 2), probabilities(2, 3, 2)],
    ['sigmoid, smoothed', tfjs.sigmoidCrossEntropy({ labelSmoothing: 0.2 }), LOGITS, SOFT],
    ['log loss of any target', tfjs.logLoss({ epsilon: 0.1 }), SOFT, LOGITS],
    ['categorical, logits', tfjs.categoricalCrossentropy({ fromLogits: true }), LOGITS, SOFT],
    ['categorical', tfjs.categoricalCrossentropy(), SOFT, PLANES],
    ['binary', tfjs.binaryCrossentropy(), SOFT, PLANES],
    ['sigmoid of layers', tfjs.sigmoidCrossEntropyWithLogits(), LOGITS, SOFT],
  ]

for (const [title, criterion, prediction, target] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => checkCriterion(t, criterion, prediction, target))
}

test('the weights of a softmax cross-entropy are those of its losses', (t) => {
  const pixelWeights = tensor(Float64Array.of(1, 0, 3), 3)
  const losses = tfjs.softmaxCrossEntropy({ reduction: 'NONE' }).evaluate(LOGITS, PLANES).values
  const { loss } = tfjs.softmaxCrossEntropy().evaluate(LOGITS, PLANES, { pixelWeights })
  t.true(Math.abs(loss - (losses[0]! + 3 * losses[2]!) / 2) < 1e-12)
})

test('the log loss adds ε, where layers clip', (t) => {
  const [wrong, target] = [tensor(Float64Array.of(1, 0), 2), tensor(Float64Array.of(0, 1), 2)]
  const { loss } = tfjs.logLoss().evaluate(wrong, target)
  t.true(Math.abs(loss + (Math.log(1 - 1 + 1e-7) + Math.log(1e-7)) / 2) < 1e-12)
  t.deepEqual(tfjs.logLoss().evaluate(tensor(Float64Array.of(-0.1, 0), 2), target).loss, NaN)
  const clipped = tfjs.binaryCrossentropy().evaluate(wrong, target, { gradient: true })
  // In float32 1 − 1e-7 is 1 − 2⁻²³.
  t.true(Math.abs(clipped.loss - (23 * Math.LN2 - Math.log(Math.fround(1e-7))) / 2) < 1e-9)
  t.true(clipped.gradient.every((slope) => slope === 0))
})

test('weights that are all 0 divide 0 by 0, and others than weights are refused', (t) => {
  const none = tensor(new Float64Array(12), 3, 4)
  t.deepEqual(tfjs.sigmoidCrossEntropy().evaluate(LOGITS, SOFT, { pixelWeights: none }).loss, NaN)
  t.is(tfjs.sigmoidCrossEntropy({ reduction: 'SUM' }).evaluate(LOGITS, SOFT, { pixelWeights: none }).loss, 0)
  const message = (options: object): string => thrown(() => tfjs.logLoss().evaluate(SOFT, SOFT, options)).message
  t.regex(message({ mask: none }), /multiply it into pixelWeights/)
  t.regex(message({ pixelWeights: tensor(Float64Array.of(1, -1, 1, 1), 4) }), /-1 at element 1/)
  t.regex(message({ pixelWeights: tensor(Float64Array.of(1, 1), 2) }), /broadcasts with \[3, 4\]/)
})
