import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { checkCriterion, difference, labels, logits, probabilities, tensor, type Shaped } from './cases/conventions.ts'
import { FACES, thrown, untyped } from './faces.ts'

const { smp, torch } = conventions
const SHAPE = [2, 3, 2, 3] as const
const PREDICTION = logits(...SHAPE)
const LABELS = labels(3, 2, 2, 3)
const BITS = labels(2, ...SHAPE)
const ONE_CHANNEL = logits(2, 1, 2, 3)
const FOREGROUND = labels(2, 2, 2, 3)

/** The same with 255 at some places. */
const withIgnored = ({ data, shape }: Shaped): Shaped =>
  tensor(
    Int32Array.from(data, (label, i) => (i % 4 === 1 ? 255 : label)),
    ...shape,
  )

const multiclass = { mode: 'multiclass' } as const
const multilabel = { mode: 'multilabel' } as const
const binary = { mode: 'binary' } as const

const ROWS: readonly (readonly [title: string, criterion: ConventionCriterion, prediction: Shaped, target: Shaped])[] =
  [
    ['dice', smp.DiceLoss({ ...multiclass, smooth: 0.5, classes: [2, 0] }), PREDICTION, LABELS],
    ['log jaccard', smp.JaccardLoss({ ...multilabel, logLoss: true, classWeights: [1, 2, 3] }), PREDICTION, BITS],
    ['tversky', smp.TverskyLoss({ ...binary, alpha: 0.3, beta: 0.7, gamma: 1.5 }), ONE_CHANNEL, FOREGROUND],
    ['dice, labels ignored', smp.DiceLoss({ ...multiclass, ignoreIndex: 255 }), PREDICTION, withIgnored(LABELS)],
    ['dice, elements ignored', smp.DiceLoss({ ...multilabel, ignoreIndex: 255 }), PREDICTION, withIgnored(BITS)],
    ['dice, pixels ignored', smp.DiceLoss({ ...binary, ignoreIndex: 255 }), ONE_CHANNEL, withIgnored(FOREGROUND)],
    ['focal', smp.FocalLoss({ ...multiclass, alpha: 0.3, classWeights: [1, 2, 3] }), PREDICTION, LABELS],
    ['focal, ignored', smp.FocalLoss({ ...multiclass, ignoreIndex: 255, gamma: 1.5 }), PREDICTION, withIgnored(LABELS)],
    ['focal, normalized', smp.FocalLoss({ ...multilabel, normalized: true, alpha: 0.4 }), PREDICTION, BITS],
    ['focal, reduced', smp.FocalLoss({ ...multilabel, reducedThreshold: 0.3, reduction: 'sum' }), PREDICTION, BITS],
    ['focal, of probabilities', smp.FocalLoss({ ...multiclass, fromLogits: false }), probabilities(...SHAPE), LABELS],
    [
      'focal, elements',
      smp.FocalLoss({ ...binary, reduction: 'none', ignoreIndex: 255 }),
      ONE_CHANNEL,
      withIgnored(FOREGROUND),
    ],
    ['focal, sum over samples', smp.FocalLoss({ ...multiclass, reduction: 'batchwise_mean' }), PREDICTION, LABELS],
    ['lovász, softmax', smp.LovaszLoss({ ...multiclass, perImage: true }), PREDICTION, LABELS],
    ['lovász, hinge', smp.LovaszLoss({ ...multilabel, ignoreIndex: 255 }), PREDICTION, withIgnored(BITS)],
    ['cross-entropy', smp.SoftCrossEntropyLoss({ smoothFactor: 0.1, reduction: 'none' }), PREDICTION, LABELS],
    [
      'cross-entropy, classes last',
      smp.SoftCrossEntropyLoss({ dim: -1, ignoreIndex: 255 }),
      PREDICTION,
      withIgnored(labels(3, 2, 3, 2)),
    ],
    [
      'binary cross-entropy',
      smp.SoftBCEWithLogitsLoss({
        posWeight: [[[2]], [[3]], [[0]]],
        weight: [1, 2, 0],
        ignoreIndex: 255,
        reduction: 'none',
      }),
      PREDICTION,
      withIgnored(BITS),
    ],
    ['correlation', smp.MCCLoss(), probabilities(2, 2, 3), FOREGROUND],
  ]

for (const [title, criterion, prediction, target] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => checkCriterion(t, criterion, prediction, target))
}

test('a class without a pixel has loss 0 and counts in the mean', (t) => {
  const absent = tensor(
    Int32Array.from(LABELS.data, (label) => label % 2),
    ...LABELS.shape,
  )
  const { loss } = smp.DiceLoss(multiclass).evaluate(PREDICTION, absent)
  const present = smp.DiceLoss({ ...multiclass, classes: [0, 1] }).evaluate(PREDICTION, absent).loss
  t.true(Math.abs(3 * loss - 2 * present) < 1e-12)
})

test('a class that is listed twice counts twice', (t) => {
  const twice = smp.JaccardLoss({ ...multiclass, classes: [0, 2, 2] }).evaluate(PREDICTION, LABELS).loss
  const weighted = smp.JaccardLoss({ ...multiclass, classWeights: [1, 0, 2] }).evaluate(PREDICTION, LABELS).loss
  t.is(twice, weighted)
})

test('ignored elements change nothing and are not read', (t) => {
  const moved = tensor(
    Float64Array.from(PREDICTION.data, (z, i) => (i % 4 === 1 ? NaN : z)),
    ...SHAPE,
  )
  for (const criterion of [
    smp.DiceLoss({ ...multilabel, ignoreIndex: 255 }),
    smp.TverskyLoss({ ...binary, ignoreIndex: 255 }),
    smp.FocalLoss({ ...binary, ignoreIndex: 255 }),
    smp.LovaszLoss({ ...multilabel, ignoreIndex: 255 }),
    smp.SoftBCEWithLogitsLoss({ ignoreIndex: 255, posWeight: [1, 2, 3] }),
  ]) {
    const target = withIgnored(BITS)
    const { loss } = criterion.evaluate(PREDICTION, target)
    const { loss: same, gradient } = criterion.evaluate(moved, target, { gradient: true })
    t.is(same, loss)
    for (let i = 1; i < gradient.length; i += 4) t.is(gradient[i], 0)
  }
})

test('a label that is no class is background of every class, where smp compares it with each', (t) => {
  const target = withIgnored(LABELS)
  const bits = tensor(
    Int32Array.from(PREDICTION.data, (_, i) =>
      Number(target.data[Math.floor(i / 18) * 6 + (i % 6)] === Math.floor(i / 6) % 3),
    ),
    ...SHAPE,
  )
  const labeled = smp.FocalLoss(multiclass).evaluate(PREDICTION, target, { gradient: true })
  const planes = smp.FocalLoss(multilabel).evaluate(PREDICTION, bits, { gradient: true })
  t.true(Math.abs(labeled.loss - planes.loss) < 1e-12)
  t.true(difference(labeled.gradient, planes.gradient) < 1e-12)
})

test('the focal loss of ignored pixels only is a mean of nothing', (t) => {
  const nothing = tensor(new Int32Array(12).fill(255), 2, 2, 3)
  t.is(smp.FocalLoss({ ...multiclass, ignoreIndex: 255 }).evaluate(PREDICTION, nothing).loss, NaN)
  t.is(smp.FocalLoss({ ...multiclass, ignoreIndex: 255, reduction: 'sum' }).evaluate(PREDICTION, nothing).loss, 0)
})

test('the focal loss with γ = 0 is binary cross-entropy', (t) => {
  const focal = smp.FocalLoss({ ...binary, gamma: 0 }).evaluate(PREDICTION, BITS).loss
  t.true(Math.abs(focal - smp.SoftBCEWithLogitsLoss().evaluate(PREDICTION, BITS).loss) < 1e-12)
})

test("cross-entropy without smoothing is PyTorch's, but for what its mean divides by", (t) => {
  const target = withIgnored(LABELS)
  const ignored = target.data.filter((label) => label === 255).length
  const { loss } = smp.SoftCrossEntropyLoss({ ignoreIndex: 255 }).evaluate(PREDICTION, target)
  const mean = torch.crossEntropy({ ignoreIndex: 255 }).evaluate(PREDICTION, target).loss
  t.true(Math.abs(loss * 12 - mean * (12 - ignored)) < 1e-12)
})

test('the class axis of extent 1 stays where something may be ignored', (t) => {
  const shape = (ignoreIndex?: null): readonly number[] =>
    smp.SoftCrossEntropyLoss({ ignoreIndex, reduction: 'none' }).evaluate(PREDICTION, LABELS).valuesShape
  t.deepEqual(shape(), [2, 1, 2, 3])
  t.deepEqual(shape(null), [2, 2, 3])
})

test('weights of the positive part broadcast to any axes', (t) => {
  const posWeight = [[[1, 2, 3]], [[4, 5, 6]], [[0, 1, 2]]]
  const { values } = smp
    .SoftBCEWithLogitsLoss({ posWeight, reduction: 'none', smoothFactor: 0.2 })
    .evaluate(PREDICTION, BITS)
  const expected = Float64Array.from(PREDICTION.data, (z, i) => {
    const smoothed = 0.2 + 0.6 * BITS.data[i]!
    const weight = posWeight[Math.floor(i / 6) % 3]![0]![i % 3]!
    return weight * smoothed * Math.log1p(Math.exp(-z)) + (1 - smoothed) * Math.log1p(Math.exp(z))
  })
  t.true(difference(values, expected) < 1e-12)
})

test('scores are what the losses leave to 1', (t) => {
  const prediction = probabilities(...SHAPE)
  const target = tensor(Float64Array.from(BITS.data), ...SHAPE)
  const loss = smp.TverskyLoss({ ...binary, fromLogits: false, alpha: 0.2, beta: 0.6, smooth: 1 })
  const score = smp.softTverskyScore(prediction, target, { alpha: 0.2, beta: 0.6, smooth: 1 })
  t.true(Math.abs((score as number) + loss.evaluate(prediction, target).loss - 1) < 1e-12)
  const each = smp.softDiceScore(prediction, target, { dims: [0, 2, 3] }) as Float64Array
  const mean = smp.DiceLoss({ ...multilabel, fromLogits: false }).evaluate(prediction, target).loss
  t.is(each.length, 3)
  t.true(Math.abs(each.reduce((sum, part) => sum + part, 0) / 3 + mean - 1) < 1e-12)
  t.is(smp.softJaccardScore(Float64Array.of(1, 1, 0, 0), Float64Array.of(1, 0, 1, 0)), 1 / 3)
  t.is(smp.softDiceScore(Float64Array.of(0, 0), Float64Array.of(0, 0)), 0)
})

const SOFT = probabilities(...SHAPE)
/** `a·f·e` of an element, and f: the factor is made of the cross-entropy e. */
function softFocal(
  z: number,
  t: number,
  { gamma = 2, alpha, threshold }: { gamma?: number; alpha?: number; threshold?: number },
): { loss: number; f: number } {
  const e = t * Math.log1p(Math.exp(-z)) + (1 - t) * Math.log1p(Math.exp(z))
  const miss = 1 - Math.exp(-e)
  const f = threshold === undefined ? miss ** gamma : 1 - miss < threshold ? 1 : (miss / threshold) ** gamma
  return { loss: (alpha === undefined ? 1 : alpha * t + (1 - alpha) * (1 - t)) * f * e, f }
}
const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const classOf = (i: number): number => Math.floor(i / 6) % 3

const SOFT_ROWS: readonly (readonly [string, (s: typeof smp) => ConventionCriterion, () => number, Shaped?])[] = [
  [
    'binary',
    (s) => s.FocalLoss({ ...binary, alpha: 0.3, gamma: 1.5 }),
    () =>
      sumOf(Array.from(SOFT.data, (t, i) => softFocal(PREDICTION.data[i]!, t, { alpha: 0.3, gamma: 1.5 }).loss)) / 36,
  ],
  [
    'binary, elements',
    (s) => s.FocalLoss({ ...binary, reduction: 'none', reducedThreshold: 0.4 }),
    () => sumOf(Array.from(SOFT.data, (t, i) => softFocal(PREDICTION.data[i]!, t, { threshold: 0.4 }).loss)),
  ],
  [
    'multilabel, normalized and weighted',
    (s) => s.FocalLoss({ ...multilabel, normalized: true, classWeights: [1, 2, 5] }),
    () =>
      sumOf(
        [0, 1, 2].map((c) => {
          const parts = Array.from(SOFT.data, (t, i) => softFocal(PREDICTION.data[i]!, t, {})).filter(
            (_, i) => classOf(i) === c,
          )
          return ([1, 2, 5][c]! / 8) * (sumOf(parts.map(({ loss }) => loss)) / sumOf(parts.map(({ f }) => f)) / 12)
        }),
      ),
  ],
  [
    'multilabel, sum',
    (s) => s.FocalLoss({ ...multilabel, reduction: 'sum' }),
    () => sumOf(Array.from(SOFT.data, (t, i) => softFocal(PREDICTION.data[i]!, t, {}).loss)) / 3,
  ],
  [
    'multilabel, sum over samples',
    (s) => s.FocalLoss({ ...multilabel, reduction: 'batchwise_mean' }),
    () => sumOf(Array.from(SOFT.data, (t, i) => softFocal(PREDICTION.data[i]!, t, {}).loss)) / 18,
  ],
  [
    'binary, of probabilities',
    (s) => s.FocalLoss({ ...binary, fromLogits: false }),
    () =>
      sumOf(
        Array.from(SOFT.data, (t, i) => {
          const p = PROBABLE.data[i]!
          return softFocal(Math.log(p / (1 - p)), t, {}).loss
        }),
      ) / 36,
    probabilities(...SHAPE),
  ],
]
const PROBABLE = probabilities(...SHAPE)

for (const [title, make, expected, prediction = PREDICTION] of SOFT_ROWS) {
  for (const [name, face] of FACES) {
    test(`${name}: the focal loss of soft targets: ${title}`, (t) => {
      const { loss } = make(face.conventions.smp).evaluate(prediction, SOFT)
      t.true(Math.abs(loss - expected()) < 1e-12, `${loss}, not ${expected()}`)
    })
  }
  test(`the gradient is that of the focal loss of soft targets: ${title}`, (t) => {
    checkCriterion(t, make(smp), prediction, SOFT)
  })
}

for (const [name, face] of FACES) {
  test(`${name}: what smp has no meaning for is refused by name`, (t) => {
    const { smp: entries } = face.conventions
    const message = (call: () => unknown): string => thrown(call).message
    const evaluate = (criterion: ConventionCriterion, target: Shaped) => criterion.evaluate(PREDICTION, target)
    t.regex(
      message(() => entries.DiceLoss(untyped({}))),
      /for mode but found nothing/,
    )
    t.regex(
      message(() => entries.DiceLoss({ ...binary, classes: [0] })),
      /no classes with mode 'binary'/,
    )
    t.regex(
      message(() => entries.JaccardLoss({ ...binary, classWeights: [1] })),
      /no classWeights/,
    )
    t.regex(
      message(() => entries.FocalLoss({ ...multilabel, ignoreIndex: 1 })),
      /use pixelWeights/,
    )
    t.regex(
      message(() => entries.FocalLoss({ ...multiclass, reduction: 'none', classWeights: [1] })),
      /'mean' and 'sum'/,
    )
    t.regex(
      message(() => entries.LovaszLoss(untyped({ ...binary, fromLogits: false }))),
      /pass logits/,
    )
    t.regex(
      message(() => entries.TverskyLoss(untyped({ ...binary, Alpha: 1 }))),
      /did you mean alpha/,
    )
    t.regex(
      message(() => evaluate(entries.DiceLoss({ ...multiclass, classes: [3] }), LABELS)),
      /classes from 0 to 2/,
    )
    t.regex(
      message(() => evaluate(entries.DiceLoss({ ...multiclass, classWeights: [1, 2] }), LABELS)),
      /one number a class/,
    )
    t.regex(
      message(() => evaluate(entries.DiceLoss(multiclass), labels(3, 4, 3))),
      /2 samples/,
    )
    t.regex(
      message(() => evaluate(entries.DiceLoss(multiclass), labels(3, 2, 5))),
      /12 elements/,
    )
    t.regex(
      message(() => entries.softTverskyScore(PREDICTION, BITS, untyped({}))),
      /for alpha/,
    )
    t.regex(
      message(() => entries.softDiceScore(PREDICTION, BITS, { dims: 4 })),
      /axis from -4 to 3/,
    )
  })
}
