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
import { FACES, thrown, untyped } from './faces.ts'

const { keras } = conventions
const SHAPE = [2, 2, 3, 3] as const
const LOGITS = logits(...SHAPE)
const PROBABILITIES = probabilities(...SHAPE)
const LABELS = labels(3, 2, 2, 3)
const ONE_HOT = oneHot(LABELS, 3)
const SOFT = tensor(
  Float64Array.from(PROBABILITIES.data, (p) => 1 - p),
  ...SHAPE,
)
const WEIGHTS = tensor(
  Float64Array.from({ length: 12 }, (_, i) => i % 5),
  2,
  2,
  3,
)
const MASK = tensor(Int32Array.of(1, 0, 1, 1, 0, 1), 1, 2, 3)
const weighted = { pixelWeights: WEIGHTS } as const
const both = { ...weighted, mask: MASK } as const

type Call = { readonly pixelWeights?: Shaped; readonly mask?: Shaped }
type Row = readonly [title: string, criterion: ConventionCriterion, prediction: Shaped, target: Shaped, call?: Call]

const ROWS: readonly Row[] = [
  ['dice', keras.Dice(), PROBABILITIES, SOFT],
  [
    'dice of everything, weights of samples',
    keras.Dice({ reduction: null }),
    PROBABILITIES,
    SOFT,
    { pixelWeights: tensor(Float64Array.of(1, 3), 2) },
  ],
  ['dice, a loss a sample and class', keras.Dice({ axis: [1, 2], reduction: 'none' }), PROBABILITIES, SOFT],
  [
    'dice, weighted',
    keras.Dice({ axis: [1, 2] }),
    PROBABILITIES,
    SOFT,
    { pixelWeights: tensor(Float64Array.of(1, 3), 2, 1) },
  ],
  ['tversky, a loss a row', keras.Tversky({ axis: [0, 3], alpha: 0.3, reduction: 'sum' }), PROBABILITIES, SOFT],
  ['categorical', keras.CategoricalCrossentropy({ labelSmoothing: 0.1 }), PROBABILITIES, ONE_HOT, both],
  [
    'categorical, another axis',
    keras.CategoricalCrossentropy({ axis: 0, fromLogits: true, reduction: 'none' }),
    LOGITS,
    SOFT,
  ],
  ['sparse', keras.SparseCategoricalCrossentropy({ ignoreClass: 2, fromLogits: true }), LOGITS, LABELS, both],
  [
    'sparse, probabilities',
    keras.SparseCategoricalCrossentropy({ ignoreClass: 1, reduction: 'none' }),
    PROBABILITIES,
    LABELS,
  ],
  [
    'focal',
    keras.CategoricalFocalCrossentropy({ alpha: [1, 2, 3], labelSmoothing: 0.2, fromLogits: true }),
    LOGITS,
    ONE_HOT,
  ],
  [
    'focal, weighted',
    keras.CategoricalFocalCrossentropy({ gamma: 1.5, reduction: 'mean_with_sample_weight' }),
    PROBABILITIES,
    SOFT,
    weighted,
  ],
  ['binary', keras.BinaryCrossentropy({ labelSmoothing: 0.1, reduction: 'none' }), PROBABILITIES, SOFT, weighted],
  [
    'binary, several axes',
    keras.BinaryCrossentropy({ axis: [0, 2], fromLogits: true, reduction: 'sum' }),
    LOGITS,
    SOFT,
  ],
  [
    'binary focal',
    keras.BinaryFocalCrossentropy({ applyClassBalancing: true, labelSmoothing: 0.1 }),
    PROBABILITIES,
    SOFT,
    both,
  ],
  ['binary focal, logits', keras.BinaryFocalCrossentropy({ fromLogits: true, gamma: 1.5, axis: 1 }), LOGITS, ONE_HOT],
  ['generalized', keras.CategoricalGeneralizedCrossEntropy({ q: 0.7 }), PROBABILITIES, LABELS, weighted],
]

for (const [title, criterion, prediction, target, call] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => checkCriterion(t, criterion, prediction, target, call))
}

/** A loss a pixel, from which each reduction is a sum. */
const losses = keras.CategoricalCrossentropy({ reduction: 'none' }).evaluate(PROBABILITIES, ONE_HOT).values
const total = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((sum, value) => sum + value, 0)
const close = (actual: number, expected: number): boolean => Math.abs(actual - expected) < 1e-12

for (const [reduction, divisor] of [
  ['sum_over_batch_size', 12],
  ['mean', 12],
  ['mean_with_sample_weight', total(WEIGHTS.data)],
  ['sum', 1],
] as const) {
  test(`sample weights under ${reduction}`, (t) => {
    const criterion = keras.CategoricalCrossentropy({ reduction })
    const expected = total(losses.map((loss, i) => loss * WEIGHTS.data[i]!)) / divisor
    t.true(close(criterion.evaluate(PROBABILITIES, ONE_HOT, weighted).loss, expected))
  })
}

test('weights are summed as given, and repeated to the losses', (t) => {
  const criterion = keras.CategoricalCrossentropy({ reduction: 'mean_with_sample_weight' })
  const pixelWeights = tensor(Float64Array.of(1, 3), 2, 1, 1)
  const expected = (total(losses.slice(0, 6)) + 3 * total(losses.slice(6))) / 4
  t.true(close(criterion.evaluate(PROBABILITIES, ONE_HOT, { pixelWeights }).loss, expected))
})

test('weights that are all 0 divide nothing', (t) => {
  const criterion = keras.CategoricalCrossentropy({ reduction: 'mean_with_sample_weight' })
  t.is(criterion.evaluate(PROBABILITIES, ONE_HOT, { pixelWeights: tensor(new Float64Array(12), 2, 2, 3) }).loss, 0)
})

test('a mean is over the losses that a mask and an ignored class leave', (t) => {
  const kept = (i: number): boolean => LABELS.data[i] !== 1 && MASK.data[i % 6] === 1
  const count = losses.filter((_, i) => kept(i)).length
  const sparse = keras.SparseCategoricalCrossentropy({ ignoreClass: 1 })
  const expected = total(losses.filter((_, i) => kept(i))) / count
  t.true(close(sparse.evaluate(PROBABILITIES, LABELS, { mask: MASK }).loss, expected))
  const inside = losses.map((loss, i) => (kept(i) ? loss * WEIGHTS.data[i]! : 0))
  t.true(close(sparse.evaluate(PROBABILITIES, LABELS, both).loss, total(inside) / count))
})

test('one loss of everything is repeated to the weights', (t) => {
  const pixelWeights = tensor(Float64Array.of(1, 3), 2)
  const { loss } = keras.Dice().evaluate(PROBABILITIES, SOFT)
  const call = { pixelWeights } as const
  t.true(close(keras.Dice().evaluate(PROBABILITIES, SOFT, call).loss, 2 * loss))
  const { values, valuesShape } = keras.Dice({ reduction: 'none' }).evaluate(PROBABILITIES, SOFT, call)
  t.deepEqual(valuesShape, [2])
  t.true(difference(values, [loss, 3 * loss]) < 1e-12)
})

test('axes that an engine reads as they lie and axes that are moved give the same losses', (t) => {
  const ones = (...shape: number[]): Shaped =>
    tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(1), ...shape)
  for (const [axis, shape] of [
    [
      [1, 2],
      [2, 3],
    ],
    [[0, 1, 2], [3]],
    [[1, 2, 3], [2]],
  ] as const) {
    const criterion = keras.Tversky({ axis, alpha: 0.2, reduction: null })
    const plain = criterion.evaluate(PROBABILITIES, SOFT, { gradient: true })
    const moved = criterion.evaluate(PROBABILITIES, SOFT, { gradient: true, pixelWeights: ones(...shape) })
    t.deepEqual(plain.valuesShape, [...shape])
    t.deepEqual(moved.valuesShape, [...shape])
    t.true(difference(plain.values, moved.values) < 1e-12)
    t.true(difference(plain.gradient, moved.gradient) < 1e-12)
  }
})

test('a last axis of extent 1 that only one of two tensors has does not matter', (t) => {
  const short = tensor(PROBABILITIES.data, 6, 6)
  const long = tensor(SOFT.data, 6, 6, 1)
  const { loss } = keras.BinaryCrossentropy().evaluate(short, tensor(SOFT.data, 6, 6))
  t.is(keras.BinaryCrossentropy().evaluate(short, long).loss, loss)
  t.is(keras.BinaryCrossentropy().evaluate(long, short).valuesShape.length, 0)
})

test('the clip ends where the numbers of the prediction do', (t) => {
  const target = tensor(Float64Array.of(0), 1, 1)
  const loss = (data: Float32Array | Float64Array): number =>
    keras.BinaryCrossentropy().evaluate({ data, shape: [1, 1] }, target).loss
  t.true(close(loss(Float32Array.of(1)), 23 * Math.LN2))
  t.true(Math.abs(loss(Float64Array.of(1)) - 7 * Math.LN10) < 1e-8)
})

test('outside the clip the binary focal loss keeps the slope of its factor', (t) => {
  // (1 − p_t)²·BCE with BCE held at the clip's end.
  const criterion = keras.BinaryFocalCrossentropy({ fromLogits: false })
  const prediction = tensor(Float64Array.of(0, 1, 1e-9), 1, 3)
  const { gradient } = criterion.evaluate(prediction, tensor(Float64Array.of(1, 0, 0), 1, 3), { gradient: true })
  const end = -Math.log(1e-7)
  const expected = [(-2 * end) / 3, (2 * end) / 3, (2 * 1e-9 * 1e-7) / 3]
  for (const [i, slope] of expected.entries()) t.true(Math.abs(gradient[i]! - slope) <= 1e-6 * Math.abs(slope))
})

for (const [name, face] of FACES) {
  test(`${name}: the generalized cross-entropy of a saturated softmax has the slopes of one that almost is`, (t) => {
    const criterion = face.conventions.keras.CategoricalGeneralizedCrossEntropy({ q: 0.5, reduction: 'sum' })
    const target = tensor(Int32Array.of(0, 0, 0), 3)
    // ∂ℓ/∂z_c = p_c·(d_c − Σ_k p_k·d_k) of the logits behind the probabilities.
    const byLogits = (...p: number[]): number[] => {
      const { gradient: d } = criterion.evaluate(tensor(Float64Array.from(p), 3, 2), target, { gradient: true })
      const mean = (c: number): number => p[c]! * d[c]! + p[c ^ 1]! * d[c ^ 1]!
      return p.map((_, c) => p[c]! * (d[c]! - mean(c)))
    }
    t.deepEqual(byLogits(1, 0, 0, 1, 0.5, 0.5).slice(0, 4).map(Math.abs), [0, 0, 0, 0])
    t.true(difference(byLogits(1, 0, 0, 1, 0.5, 0.5), byLogits(1 - 1e-7, 1e-7, 1e-12, 1, 0.5, 0.5)) <= 2e-6)
  })

  test(`${name}: what Keras has no meaning for is refused by name`, (t) => {
    const { keras: entries } = face.conventions
    const message = (call: () => unknown): string => thrown(call).message
    t.regex(
      message(() => entries.Dice(untyped({ reduction: 'average' }))),
      /'sum_over_batch_size'/,
    )
    t.regex(
      message(() => entries.Dice(untyped({ axes: 1 }))),
      /did you mean axis/,
    )
    t.regex(
      message(() => entries.CategoricalGeneralizedCrossEntropy({ q: 1 })),
      /> 0 and < 1/,
    )
    t.regex(
      message(() => entries.Dice({ axis: [1, 4] }).evaluate(PROBABILITIES, SOFT)),
      /axis from -4 to 3/,
    )
    const focal = entries.CategoricalFocalCrossentropy({ axis: 1, alpha: [1, 2] })
    t.regex(
      message(() => focal.evaluate(PROBABILITIES, SOFT)),
      /move the classes there/,
    )
    const entropy = entries.CategoricalCrossentropy()
    t.regex(
      message(() => entropy.evaluate(PROBABILITIES, LABELS)),
      /for target/,
    )
    const pixelWeights = tensor(new Float64Array(5), 5)
    t.regex(
      message(() => entropy.evaluate(PROBABILITIES, SOFT, { pixelWeights })),
      /broadcasts with \[2, 2, 3\]/,
    )
  })
}
