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
import { thrown, untyped } from './faces.ts'

const { optax } = conventions
const SHAPE = [2, 2, 3, 3] as const
const PREDICTION = logits(...SHAPE)
const PLANES = oneHot(labels(3, 2, 2, 3), 3)
const SOFT = probabilities(...SHAPE)
const WHERE = [
  [
    [true, false, true],
    [true, true, true],
  ],
  [
    [false, false, false],
    [true, false, false],
  ],
]
const THREE = logits(2, 2, 3)

const ROWS: readonly (readonly [title: string, criterion: ConventionCriterion, prediction: Shaped, target: Shaped])[] =
  [
    ['dice', optax.diceLoss({ classWeights: [1, 2, 3], alpha: 0.3 }), PREDICTION, PLANES],
    ['dice, classes', optax.diceLoss({ reduction: 'none', ignoreBackground: true }), PREDICTION, PLANES],
    ['dice, axes', optax.diceLoss({ axis: [2, 0], reduction: 'sum' }), PREDICTION, PLANES],
    ['dice, summed over the classes', optax.diceLoss({ axis: [1, -1] }), PREDICTION, SOFT],
    ['dice of everything', optax.diceLoss({ axis: [0, 1, 2, 3], reduction: 'none' }), PREDICTION, SOFT],
    ['binary dice', optax.binaryDiceLoss(), THREE, probabilities(2, 2, 3)],
    ['generalized dice', optax.multiclassGeneralizedDiceLoss({ ignoreBackground: true }), PREDICTION, PLANES],
    ['cross-entropy', optax.softmaxCrossEntropy({ axis: [3, 1] }), PREDICTION, SOFT],
    ['cross-entropy of some', optax.softmaxCrossEntropy({ where: WHERE }), THREE, probabilities(2, 2, 3)],
    ['poly', optax.polyLossCrossEntropy({ epsilon: -0.5, axis: null }), PREDICTION, SOFT],
    ['poly of some', optax.polyLossCrossEntropy({ where: WHERE, axis: 0 }), THREE, probabilities(2, 2, 3)],
    ['labels', optax.softmaxCrossEntropyWithIntegerLabels({ axis: [2, 1] }), PREDICTION, labels(6, 2, 3)],
    ['labels of some', optax.softmaxCrossEntropyWithIntegerLabels({ where: WHERE }), THREE, labels(3, 2, 2)],
    ['sigmoid', optax.sigmoidBinaryCrossEntropy(), THREE, probabilities(3)],
    ['focal', optax.sigmoidFocalLoss({ alpha: 0.3, gamma: 1.5 }), THREE, probabilities(2, 2, 3)],
  ]

for (const [title, criterion, prediction, target] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => checkCriterion(t, criterion, prediction, target))
}

test('axes in any order are the axes moved to the end', (t) => {
  const order = [1, 2, 3, 0]
  const index = (i: number): number[] => [Math.floor(i / 18), Math.floor(i / 9) % 2, Math.floor(i / 3) % 3, i % 3]
  const moved = ({ data }: Shaped): Shaped => {
    const result = new Float64Array(data.length)
    for (const [i, value] of data.entries()) {
      const [n, y, x, c] = index(i) as [number, number, number, number]
      result[((y * 3 + x) * 3 + c) * 2 + n] = value
    }
    return tensor(result, ...order.map((axis) => SHAPE[axis]!))
  }
  const whole = optax.softmaxCrossEntropy({ axis: [3, 0] }).evaluate(PREDICTION, SOFT)
  const end = optax.softmaxCrossEntropy({ axis: [2, 3] }).evaluate(moved(PREDICTION), moved(SOFT))
  t.deepEqual(whole.valuesShape, [2, 3])
  t.true(difference(whole.values, end.values) < 1e-12)
})

test('a class that does not count is one that is not there, as is a logit of −∞', (t) => {
  const all = optax.softmaxCrossEntropy()
  const [z, g] = [logits(4, 3).data, probabilities(4, 3).data]
  const first = (data: Shaped['data']) =>
    tensor(
      Float64Array.from(data).filter((_, i) => i % 3 < 2),
      4,
      2,
    )
  const { values } = all.evaluate(first(z), first(g))
  const some = optax.softmaxCrossEntropy({ where: [[1, 1, 0]] }).evaluate(tensor(z, 4, 3), tensor(g, 4, 3))
  t.true(difference(some.values, values) < 1e-12)

  const infinite = tensor(
    Float64Array.from(z, (value, i) => (i % 3 < 2 ? value : -Infinity)),
    4,
    3,
  )
  const absent = tensor(
    Float64Array.from(g, (value, i) => (i % 3 < 2 ? value : 0)),
    4,
    3,
  )
  const safe = optax.safeSoftmaxCrossEntropy().evaluate(infinite, absent, { gradient: true })
  t.true(difference(safe.values, values) < 1e-12)
  t.true(safe.gradient.every((slope, i) => Number.isFinite(slope) && (i % 3 < 2 || slope === 0)))
  t.deepEqual(optax.safeSoftmaxCrossEntropy().evaluate(infinite, tensor(g, 4, 3)).loss, Infinity)
  t.deepEqual(all.evaluate(infinite, absent).loss, NaN)
  const one = optax.softmaxCrossEntropyWithIntegerLabels()
  const map = tensor(Int32Array.of(0, 1, 1, 0), 4)
  t.true(difference(one.evaluate(infinite, map).values, one.evaluate(first(z), map).values) < 1e-12)
})

test('a mask with an axis less is one of pixels', (t) => {
  const where = [
    [true, false],
    [false, true],
  ]
  const criterion = optax.softmaxCrossEntropyWithIntegerLabels({ where })
  const { values } = criterion.evaluate(THREE, labels(3, 2, 2))
  const pixelWeights = tensor(Int32Array.of(1, 0, 0, 1), 2, 2)
  const plain = optax.softmaxCrossEntropyWithIntegerLabels().evaluate(THREE, labels(3, 2, 2), { pixelWeights })
  t.true(difference(values, plain.values) < 1e-12)
})

test('a class axis of 1 may be left out', (t) => {
  const [z, g] = [logits(2, 2, 3, 1), probabilities(2, 2, 3, 1)]
  const bare = ({ data }: Shaped): Shaped => tensor(data, 2, 2, 3)
  const { loss } = optax.diceLoss().evaluate(z, g)
  t.is(optax.diceLoss().evaluate(bare(z), g).loss, loss)
  t.is(optax.diceLoss({ ignoreBackground: true }).evaluate(z, bare(g)).loss, loss)
  t.is(optax.binaryDiceLoss().evaluate(bare(z), bare(g)).loss, loss)
})

test('what has no meaning is refused', (t) => {
  const message = (call: () => unknown): string => thrown(call).message
  const pixelWeights = tensor(Int32Array.of(1, 0, 0, 1), 2, 2)
  t.regex(
    message(() => optax.diceLoss({ axis: 1 }).evaluate(PREDICTION, PLANES, { pixelWeights })),
    /where axis is given/,
  )
  t.regex(
    message(() => optax.softmaxCrossEntropy({ axis: 4 }).evaluate(PREDICTION, PLANES)),
    /an axis from -4 to 3/,
  )
  t.regex(
    message(() => optax.softmaxCrossEntropy({ where: [[true], [true, false]] })),
    /of one length/,
  )
  t.regex(
    message(() => optax.softmaxCrossEntropy({ where: [true, true] }).evaluate(logits(4, 3), probabilities(4, 3))),
    /broadcasts to \[4, 3\]/,
  )
  t.regex(
    message(() => optax.safeSoftmaxCrossEntropy(untyped({ axis: 0 }))),
    /axis/,
  )
  t.regex(
    message(() => optax.softmaxCrossEntropyWithIntegerLabels({ where: WHERE }).evaluate(THREE, labels(9, 2, 2))),
    /0 to 2/,
  )
})
