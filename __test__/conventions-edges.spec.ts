/** What libraries make of one class whose labels count from 0, and of class weights that are all 0. */
import test from 'ava'
import type { ConventionCriterion, Conventions } from '../src/index.ts'
import { labels, logits, probabilities, tensor, type Shaped } from './cases/conventions.ts'
import { FACES, thrown } from './faces.ts'

const IMAGE = logits(2, 1, 2, 2)
const ZEROS = tensor(new Int32Array(8), 2, 2, 2)
const LAST = probabilities(2, 2, 1)
const LAST_ZEROS = tensor(new Int32Array(4), 2, 2)
const mean = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0) / numbers.length

/** The softmax of one class is 1, and every pixel is of it. */
const ONE_CLASS: readonly (readonly [
  title: string,
  make: (made: Conventions) => ConventionCriterion,
  prediction: Shaped,
  target: Shaped,
  expected: number,
])[] = [
  ['kornia.diceLoss', ({ kornia }) => kornia.diceLoss(), IMAGE, ZEROS, 0],
  ['kornia.diceLoss, macro', ({ kornia }) => kornia.diceLoss({ average: 'macro' }), IMAGE, ZEROS, 0],
  ['kornia.diceLoss, weighted', ({ kornia }) => kornia.diceLoss({ weight: [2] }), IMAGE, ZEROS, -1],
  ['kornia.tverskyLoss', ({ kornia }) => kornia.tverskyLoss({ alpha: 0.5, beta: 0.5 }), IMAGE, ZEROS, 0],
  ['kornia.focalLoss', ({ kornia }) => kornia.focalLoss({ alpha: 0.5, reduction: 'mean' }), IMAGE, ZEROS, 0],
  ['smp.DiceLoss', ({ smp }) => smp.DiceLoss({ mode: 'multiclass' }), IMAGE, ZEROS, 0],
  ['smp.SoftCrossEntropyLoss', ({ smp }) => smp.SoftCrossEntropyLoss(), IMAGE, ZEROS, 0],
  [
    'keras.CategoricalGeneralizedCrossEntropy',
    ({ keras }) => keras.CategoricalGeneralizedCrossEntropy({ q: 0.5 }),
    LAST,
    LAST_ZEROS,
    mean(LAST.data.map((p) => (1 - Math.sqrt(p)) / 0.5)),
  ],
  ['keras.SparseCategoricalCrossentropy', ({ keras }) => keras.SparseCategoricalCrossentropy(), LAST, LAST_ZEROS, 1e-7],
]

const PREDICTION = logits(2, 3, 2, 2)
const LABELS = labels(3, 2, 2, 2)
const none = [0, 0, 0]
const multiclass = { mode: 'multiclass', classWeights: none } as const
/** 0/0 where the mean is divided by the weights; 0 where it is not. */
const WEIGHTLESS: readonly (readonly [string, (made: Conventions) => ConventionCriterion, number])[] = [
  ['kornia.diceLoss, macro', ({ kornia }) => kornia.diceLoss({ average: 'macro', weight: none }), NaN],
  ['kornia.diceLoss, micro', ({ kornia }) => kornia.diceLoss({ weight: none }), 1],
  ['smp.DiceLoss', ({ smp }) => smp.DiceLoss(multiclass), NaN],
  [
    'smp.TverskyLoss of some classes',
    ({ smp }) => smp.TverskyLoss({ ...multiclass, classes: [1], classWeights: [1, 0, 1] }),
    NaN,
  ],
  ['smp.FocalLoss', ({ smp }) => smp.FocalLoss(multiclass), NaN],
  ['jdt.JDTLoss', ({ jdt }) => jdt.JDTLoss({ classWeights: none }), 0],
]

for (const [face, { conventions }] of FACES) {
  for (const [title, make, prediction, target, expected] of ONE_CLASS) {
    test(`${face}: one class: ${title}`, (t) => {
      const { loss, gradient } = make(conventions).evaluate(prediction, target, { gradient: true })
      t.true(Math.abs(loss - expected) < 1e-6, `${loss}, not ${expected}`)
      t.true(gradient.every((slope) => !Number.isNaN(slope)))
    })
  }
  for (const [title, make, expected] of WEIGHTLESS) {
    test(`${face}: class weights of 0: ${title}`, (t) => {
      t.is(make(conventions).evaluate(PREDICTION, LABELS).loss, expected)
    })
  }
}

for (const [face, { conventions }] of FACES) {
  const flat = logits(2, 3)
  const bits = labels(2, 2, 3)

  test(`${face}: without an axis of pixels what MONAI and nnU-Net sum over all axes is refused`, (t) => {
    const { monai, nnunet } = conventions
    const refused: readonly ConventionCriterion[] = [
      monai.DiceLoss({ sigmoid: true }),
      monai.TverskyLoss({ sigmoid: true }),
      monai.GeneralizedDiceLoss({ sigmoid: true }),
      monai.DiceFocalLoss({ sigmoid: true, lambdaDice: 0.5 }),
      monai.FocalLoss({ reduction: 'sum' }),
      nnunet.MemoryEfficientSoftDiceLoss({ applyNonlin: 'sigmoid' }),
      nnunet.DC_and_BCE_loss(),
    ]
    for (const criterion of refused) {
      t.regex(thrown(() => criterion.evaluate(flat, bits)).message, /an axis of pixels for .* but found \[2, 3\]/)
      t.notThrows(() => criterion.evaluate({ ...flat, shape: [2, 3, 1] }, { ...bits, shape: [2, 3, 1] }))
    }
    const pooled = monai.DiceLoss({ sigmoid: true, batch: true, reduction: 'none' }).evaluate(flat, bits)
    t.deepEqual(pooled.valuesShape, [3])
    const soft = nnunet.SoftDiceLoss({ applyNonlin: 'sigmoid' })
    t.is(
      soft.evaluate(flat, bits).loss,
      soft.evaluate({ ...flat, shape: [2, 3, 1] }, { ...bits, shape: [2, 3, 1] }).loss,
    )
  })

  test(`${face}: probabilities have no label that PyTorch could ignore`, (t) => {
    const { torch } = conventions
    const soft = probabilities(2, 3)
    t.regex(thrown(() => torch.crossEntropy({ ignoreIndex: 0 }).evaluate(flat, soft)).message, /no ignoreIndex/)
    t.notThrows(() => torch.crossEntropy({ ignoreIndex: -1 }).evaluate(flat, soft))
  })
}

/** One number of a loss, by what makes the loss of it; where single precision still computes with it, and where no longer. */
const LIMITS: readonly (readonly [
  title: string,
  make: (made: Conventions, number: number) => ConventionCriterion,
  inside: number,
  beyond: number,
])[] = [
  ['γ of smp', ({ smp }, gamma) => smp.FocalLoss({ mode: 'multilabel', gamma }), 1000, 1001],
  [
    'the threshold of smp',
    ({ smp }, reducedThreshold) => smp.FocalLoss({ mode: 'multilabel', reducedThreshold }),
    2e-6,
    1e-25,
  ],
  [
    'the factor at the threshold of smp',
    ({ smp }, gamma) => smp.FocalLoss({ mode: 'multilabel', reducedThreshold: 0.01, gamma }),
    6,
    7,
  ],
  ['α of MONAI', ({ monai }, alpha) => monai.FocalLoss({ alpha }), -1e11, -1e13],
  ['weights of MONAI', ({ monai }, weight) => monai.FocalLoss({ weight }), 1e12, 1e39],
  ['λ of MONAI', ({ monai }, lambdaFocal) => monai.DiceFocalLoss({ sigmoid: true, lambdaFocal }), 1e11, 1e39],
  ['weightCe of nnU-Net', ({ nnunet }, weightCe) => nnunet.DC_and_BCE_loss({ weightCe }), -1e11, -1e39],
  ['ε of optax', ({ optax }, epsilon) => optax.polyLossCrossEntropy({ axis: 1, epsilon }), -1e6, 1e39],
  ['weights of PyTorch', ({ torch }, w) => torch.crossEntropy({ weight: [w, w, w], reduction: 'sum' }), 1e12, 1e39],
  [
    'posWeight of kornia',
    ({ kornia }, w) => kornia.binaryFocalLossWithLogits({ alpha: 0.5, posWeight: [w, w, w] }),
    1e12,
    1e39,
  ],
]
const PLANES = tensor(
  Int32Array.from(PREDICTION.data, (z) => Number(z > 0)),
  2,
  3,
  2,
  2,
)

for (const [title, make, inside, beyond] of LIMITS) {
  test(`both engines end where single precision does: ${title}`, (t) => {
    const target = title.includes('PyTorch') ? LABELS : PLANES
    const [native, reference] = FACES.map(([, { conventions }]) => conventions) as [Conventions, Conventions]
    const [loss, expected] = [native, reference].map((made) => make(made, inside).evaluate(PREDICTION, target).loss)
    t.true(Math.abs(loss! - expected!) <= 1e-5 * Math.abs(expected!) + 1e-12, `${loss}, not ${expected}`)
    for (const made of [native, reference]) {
      const gradient = new Float64Array(PREDICTION.data.length).fill(7)
      const error = thrown(() => make(made, beyond).evaluate(PREDICTION, target, { gradient })) as Error & {
        code: string
      }
      t.true(error instanceof RangeError)
      t.is(error.code, 'ERR_MASKLOSS_OPTION_VALUE')
      t.regex(error.message, /^Expected a number .* of conventions\..* for options but found/)
      t.true(gradient.every((value) => value === 7))
    }
  })
}

const ROW = logits(1, 1, 4)
const BITS = tensor(Float64Array.of(0, 1, 1, 0), 1, 1, 4)
const SOFT = tensor(Float64Array.of(0, 0.5, 1, 0), 1, 1, 4)
/** Losses that no engine computes, or several jobs do. */
const OWN: readonly (readonly [title: string, make: (made: Conventions) => ConventionCriterion, target: Shaped])[] = [
  ['smp.FocalLoss of soft targets', ({ smp }) => smp.FocalLoss({ mode: 'binary' }), SOFT],
  ['nnunet.SoftDiceLoss with clipTp', ({ nnunet }) => nnunet.SoftDiceLoss({ applyNonlin: 'sigmoid', clipTp: 1 }), BITS],
  [
    'nnunet.DC_and_BCE_loss with a factor of each element',
    ({ nnunet }) => nnunet.DC_and_BCE_loss({ bceKwargs: { posWeight: [1, 2, 3, 4] } }),
    BITS,
  ],
]

for (const [face, { conventions }] of FACES) {
  for (const [title, make, target] of OWN) {
    test(`${face}: weights no engine takes are refused before anything is written: ${title}`, (t) => {
      for (const weight of [-1, NaN, Infinity]) {
        const gradient = new Float64Array(4).fill(7)
        const pixelWeights = tensor(Float64Array.of(1, 1, weight, 1), 1, 1, 4)
        const error = thrown(() => make(conventions).evaluate(ROW, target, { gradient, pixelWeights }))
        t.is((error as { code?: string }).code, 'ERR_MASKLOSS_PIXEL_WEIGHT')
        t.regex(error.message, /pixelWeights/)
        t.deepEqual([...gradient], [7, 7, 7, 7])
      }
    })

    test(`${face}: a factor of 0 leaves no part of the gradient: ${title}`, (t) => {
      const prediction = tensor(Float64Array.of(0.3, NaN, 1, 2), 1, 1, 4)
      for (const [accumulate, expected] of [
        [false, 0],
        [true, 7],
      ] as const) {
        const gradient = new Float64Array(4).fill(7)
        const { loss } = make(conventions).evaluate(prediction, target, { gradient, gradientScale: 0, accumulate })
        t.is(loss, NaN)
        t.true(gradient.every((slope) => Math.abs(slope) === expected))
      }
    })
  }

  test(`${face}: a factor of an element ends where one of a class does`, (t) => {
    for (const name of ['weight', 'posWeight'] as const) {
      for (const factor of [1e39, 2e12, -1, NaN]) {
        const factors = { [name]: [1, 1, 1, factor] }
        for (const make of [
          () => conventions.torch.binaryCrossEntropyWithLogits(factors),
          () => conventions.smp.SoftBCEWithLogitsLoss({ ...factors, ignoreIndex: null }),
          () => conventions.nnunet.DC_and_BCE_loss({ bceKwargs: factors }),
        ]) {
          t.regex(thrown(make).message, new RegExp(` for (bceKwargs\\.)?${name} but found`))
        }
      }
      t.true(
        Number.isFinite(
          conventions.torch.binaryCrossEntropyWithLogits({ [name]: [1, 1, 1, 1e12] }).evaluate(ROW, BITS).loss,
        ),
      )
    }
  })

  test(`${face}: a target that is NaN makes NaN, whatever factors there are`, (t) => {
    const target = tensor(Float64Array.of(0, NaN, 1, 0), 1, 1, 4)
    for (const posWeight of [2, [2, 1, 1, 1]]) {
      const { loss, gradient } = conventions.torch
        .binaryCrossEntropyWithLogits({ posWeight })
        .evaluate(ROW, target, { gradient: true })
      t.is(loss, NaN)
      t.deepEqual([...gradient].map(Number.isNaN), [false, true, false, false])
      const without = tensor(Float64Array.of(1, 0, 1, 1), 1, 1, 4)
      const options = { pixelWeights: without }
      t.true(
        Number.isFinite(
          conventions.torch.binaryCrossEntropyWithLogits({ posWeight }).evaluate(ROW, target, options).loss,
        ),
      )
    }
  })
}
