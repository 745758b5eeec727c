/** PyTorch's cross-entropies, and the losses of other libraries that are made of them, against the formula of each element. */
import test from 'ava'
import type { ConventionCriterion, Conventions } from '../src/index.ts'
import { checkCriterion, labels, logits, tensor, type Shaped } from './cases/conventions.ts'
import { FACES, thrown, untyped } from './faces.ts'
import { conventions } from '../src/reference/index.ts'

type Factor = number | readonly (number | readonly unknown[])[]
interface Factors {
  readonly weight?: Factor
  readonly posWeight?: Factor
}

/** What a factor is for an element: axes aligned at the last, extents of 1 repeated. */
function at(factor: Factor | undefined, shape: readonly number[], index: number): number {
  let rest = index
  const place = shape
    .toReversed()
    .map((extent) => {
      const here = rest % extent
      rest = Math.floor(rest / extent)
      return here
    })
    .toReversed()
  let rank = 0
  for (let part: unknown = factor; Array.isArray(part); part = part[0]) rank += 1
  let value: unknown = factor ?? 1
  for (const here of place.slice(place.length - rank)) {
    const list = value as readonly unknown[]
    value = list[list.length === 1 ? 0 : here]
  }
  return value as number
}

/** `w·((1 − t)·z + (1 + (π − 1)·t)·log(1 + e^{−z}))` of each element. */
function entropies(z: Shaped, target: Shaped, { weight, posWeight }: Factors = {}): number[] {
  return Array.from(z.data, (logit, i) => {
    const t = target.data[i]!
    const factor = 1 + (at(posWeight, z.shape, i) - 1) * t
    return at(weight, z.shape, i) * ((1 - t) * logit + factor * Math.log1p(Math.exp(-logit)))
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length

const Z = tensor(Float64Array.of(1, 2, -1, 0.5), 2, 2)
const T = tensor(Float64Array.of(0, 1, 1, 0), 2, 2)
const IMAGES = logits(2, 3, 2, 4)
const BITS = labels(2, 2, 3, 2, 4)
/** Targets on both sides of 0 and 1. */
const DENSE = tensor(
  Float64Array.from({ length: 48 }, (_, i) => 3 * Math.cos(3.7 * i)),
  2,
  3,
  2,
  4,
)

const ROWS: readonly (readonly [title: string, z: Shaped, t: Shaped, factors: Factors])[] = [
  ['nothing', IMAGES, BITS, {}],
  ['numbers', IMAGES, BITS, { weight: 2, posWeight: 3 }],
  ['lists of one', IMAGES, BITS, { weight: [2], posWeight: [[3]] }],
  ['one a class', IMAGES, BITS, { posWeight: [[[2]], [[3]], [[0]]] }],
  ['one a column', IMAGES, BITS, { weight: [1, 2, 0, 3], posWeight: [4, 3, 2, 1] }],
  [
    'one a row and class',
    IMAGES,
    DENSE,
    {
      posWeight: [
        [[1], [2]],
        [[3], [4]],
        [[0], [0.5]],
      ],
    },
  ],
  [
    'one a class, and a weight of each element',
    Z,
    T,
    {
      posWeight: [2, 3],
      weight: [
        [1, 2],
        [3, 4],
      ],
    },
  ],
  [
    'one an element',
    Z,
    T,
    {
      posWeight: [
        [2, 3],
        [1, 4],
      ],
    },
  ],
  ['a number and targets of any size', IMAGES, DENSE, { posWeight: 3 }],
  ['one a sample and targets of any size', IMAGES, DENSE, { posWeight: [[[[2]]], [[[0]]]], weight: 0.5 }],
]

type Made = (conventions: Conventions, options: object) => ConventionCriterion
const FUNCTIONS: readonly (readonly [name: string, make: Made])[] = [
  [
    'torch.binaryCrossEntropyWithLogits',
    ({ torch }, options) => torch.binaryCrossEntropyWithLogits(untyped({ ...options })),
  ],
  ['smp.SoftBCEWithLogitsLoss', ({ smp }, options) => smp.SoftBCEWithLogitsLoss(untyped({ ...options }))],
]

for (const [face, { conventions: made }] of FACES) {
  const tolerance = made === conventions ? 1e-12 : 1e-6
  for (const [name, make] of FUNCTIONS) {
    test(`${face}: ${name} is the sum of its elements, with factors that broadcast`, (t) => {
      for (const [title, z, target, factors] of ROWS) {
        const expected = entropies(z, target, factors)
        const close = (actual: number, wanted: number): void => {
          t.true(Math.abs(actual - wanted) < tolerance * (1 + Math.abs(wanted)), `${title}: ${actual}, not ${wanted}`)
        }
        close(make(made, factors).evaluate(z, target).loss, mean(expected))
        close(make(made, { ...factors, reduction: 'sum' }).evaluate(z, target).loss, sum(expected))
        const { values, valuesShape } = make(made, { ...factors, reduction: 'none' }).evaluate(z, target)
        t.deepEqual(valuesShape, z.shape)
        expected.forEach((value, i) => close(values[i]!, value))
      }
    })
  }

  test(`${face}: recorded numbers of PyTorch with several factors of the positive part`, (t) => {
    const loss = (z: Shaped, target: Shaped, factors: Factors): number =>
      FUNCTIONS[1]![1](made, factors).evaluate(z, target).loss
    const pair = (...numbers: number[]): Shaped => tensor(Float64Array.from(numbers), 2)
    t.true(Math.abs(loss(pair(1, 2), pair(2, 2), { posWeight: [0.25, 2] }) + 1.38792) < 1e-5)
    t.true(Math.abs(loss(pair(1, 2), pair(2, -1), { posWeight: [0.5, 2] }) - 1.5) < tolerance)
  })
}

for (const [title, z, target, factors] of ROWS) {
  for (const reduction of ['mean', 'none'] as const) {
    test(`the gradient is that of the loss: factors are ${title}, reduction '${reduction}'`, (t) => {
      checkCriterion(t, FUNCTIONS[0]![1](conventions, { ...factors, reduction }), z, target)
    })
  }
}

test('weights of the call and of the options are multiplied', (t) => {
  const { torch } = conventions
  const pixelWeights = tensor(Float64Array.of(2, 3), 2, 1)
  const { loss } = torch.binaryCrossEntropyWithLogits({ weight: [1, 4] }).evaluate(Z, T, { pixelWeights })
  const weight = [
    [2, 8],
    [3, 12],
  ]
  t.true(Math.abs(loss - mean(entropies(Z, T, { weight }))) < 1e-12)
})

test('smoothing comes before the factors', (t) => {
  const smooth = tensor(
    Float64Array.from(BITS.data, (bit) => 0.2 + 0.6 * bit),
    ...BITS.shape,
  )
  const posWeight = [[[1, 2, 3, 4]], [[5, 6, 7, 8]], [[0, 1, 2, 3]]]
  const { loss } = conventions.smp
    .SoftBCEWithLogitsLoss({ posWeight, smoothFactor: 0.2, ignoreIndex: null })
    .evaluate(IMAGES, BITS)
  t.true(Math.abs(loss - mean(entropies(IMAGES, smooth, { posWeight }))) < 1e-12)
})

test('factors that do not broadcast are refused by name', (t) => {
  const { torch } = conventions
  const message = (options: object): string =>
    thrown(() => torch.binaryCrossEntropyWithLogits(untyped(options)).evaluate(IMAGES, BITS)).message
  t.regex(message({ posWeight: [1, 2, 3] }), /broadcasts to \[1, 2, 3, 2, 4\] for posWeight/)
  t.regex(message({ weight: [1, 2] }), /broadcasts to .* for weight/)
  t.regex(message({ posWeight: [[1], [2, 3]] }), /nested lists/)
})

for (const [face, { conventions: made }] of FACES) {
  const one = logits(2, 1, 3)
  const zeros = new Int32Array(6)

  test(`${face}: one class is label 0, and no other label is one`, (t) => {
    const criterion = made.torch.crossEntropy({ ignoreIndex: 255 })
    const target = (label: number): Shaped => tensor(Int32Array.of(0, 0, 255, 0, label, 0), 2, 3)
    for (const label of [1, 2, -1]) {
      const error = thrown(() => criterion.evaluate(one, target(label)))
      t.regex(error.message, new RegExp(`labels 0 \\(or 255, ignored\\).* found ${label} `))
      const pixelWeights = tensor(Float64Array.of(1, 1, 1, 1, 0, 1), 2, 3)
      t.true(Math.abs(criterion.evaluate(one, target(label), { pixelWeights }).loss) < 1e-7)
    }
  })

  test(`${face}: the cross-entropy of one class is 0, of labels and of probabilities`, (t) => {
    const { torch } = made
    for (const target of [tensor(zeros, 2, 3), tensor(Float64Array.of(0.2, 1, 0, 1, 0.5, 0.7), 2, 1, 3)]) {
      for (const options of [{}, { weight: [2], labelSmoothing: 0.1 }, { reduction: 'sum' }] as const) {
        const { loss, gradient } = torch.crossEntropy(options).evaluate(one, target, { gradient: true })
        t.true(Math.abs(loss) < 1e-7, `${loss}`)
        t.true(gradient.every((slope) => Math.abs(slope) < 1e-7))
      }
      t.deepEqual(torch.crossEntropy({ reduction: 'none' }).evaluate(one, target).valuesShape, [2, 3])
    }
    t.is(
      torch.crossEntropy().evaluate(
        one,
        tensor(
          zeros.map(() => -100),
          2,
          3,
        ),
      ).loss,
      NaN,
    )
  })
}
