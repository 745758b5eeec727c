/** MONAI's losses in their rarer options, against its formulas written out. */
import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { checkCriterion, labels, logits, probabilities, tensor, type Shaped } from './cases/conventions.ts'
import { FACES, thrown, untyped } from './faces.ts'

const SHAPE = [2, 3, 2, 3] as const
const [N, C, V] = [2, 3, 6]
const Z = logits(...SHAPE)
const SOFT = probabilities(...SHAPE)
const LABELS = labels(C, N, 1, 2, 3)
const at = (sample: number, c: number, pixel: number): number => (sample * C + c) * V + pixel
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
const hot = (sample: number, c: number, pixel: number): number => Number(LABELS.data[sample * V + pixel] === c)
const soft = (sample: number, c: number, pixel: number): number => SOFT.data[at(sample, c, pixel)]!
const tanh = (sample: number, c: number, pixel: number): number => Math.tanh(Z.data[at(sample, c, pixel)]!)

type Value = (sample: number, c: number, pixel: number) => number
interface Sums {
  readonly I: number
  readonly P: number
  readonly G: number
}

/** Sums of norms: P = Σ|p|, G = Σ|g|, I = (P + G − Σ|p − g|)/2, of what is kept. */
function norms(samples: readonly number[], c: number, p: Value, g: Value, keep: Value): Sums {
  const over = (value: Value): number =>
    sum(samples.flatMap((n) => range(V).map((v) => keep(n, c, v) * Math.abs(value(n, c, v)))))
  const [P, G] = [over(p), over(g)]
  return { I: (P + G - over((...place) => p(...place) - g(...place))) / 2, P, G }
}
const everywhere: Value = () => 1
const dice = ({ I, P, G }: Sums): number => 1 - (2 * I + 1e-5) / (P + G + 1e-5)
const jaccard = ({ I, P, G }: Sums): number => 1 - (2 * I + 1e-5) / (2 * (P + G - I) + 1e-5)
const tversky = ({ I, P, G }: Sums): number => 1 - (I + 0.5) / (I + 0.3 * (P - I) + 0.7 * (G - I) + 0.25)
const each = (loss: (sums: Sums) => number, p: Value, g: Value, first = 0, keep = everywhere): number =>
  mean(
    range(N).flatMap((n) =>
      range(C)
        .slice(first)
        .map((c) => loss(norms([n], c, p, g, keep))),
    ),
  )
const pooled = (loss: (sums: Sums) => number, p: Value, g: Value): number =>
  mean(range(C).map((c) => loss(norms(range(N), c, p, g, everywhere))))

/** `1 − (2Σ w·I + s)/(Σ w·(P + G) + s)` per sample with w = 1/G². */
const generalized = (p: Value, g: Value): number =>
  mean(
    range(N).map((n) => {
      const cells = range(C).map((c) => norms([n], c, p, g, everywhere))
      const over = (part: (sums: Sums) => number): number => sum(cells.map((cell) => part(cell) / cell.G ** 2))
      return 1 - (2 * over(({ I }) => I) + 1e-5) / (over(({ P, G }) => P + G) + 1e-5)
    }),
  )

const MASK = tensor(Int32Array.of(1, 0, 1, 1, 1, 0), 1, 1, 2, 3)
const kept: Value = (_, __, v) => MASK.data[v]!
const notTwo: Value = (n, _, v) => 1 - hot(n, 2, v)

interface Row {
  readonly title: string
  readonly make: (monai: typeof conventions.monai) => ConventionCriterion
  readonly target: Shaped
  readonly mask?: Shaped
  readonly expected: number
}
const act = { otherAct: 'tanh', softLabel: true } as const
const NEGATIVE: readonly Row[] = [
  { title: 'Dice', make: (monai) => monai.DiceLoss(act), target: SOFT, expected: each(dice, tanh, soft) },
  {
    title: 'Dice of labels without background',
    make: (monai) => monai.DiceLoss({ ...act, toOnehotY: true, includeBackground: false }),
    target: LABELS,
    expected: each(dice, tanh, hot, 1),
  },
  {
    title: 'Dice of labels, one of them ignored',
    make: (monai) => monai.DiceLoss({ ...act, toOnehotY: true, ignoreIndex: 2 }),
    target: LABELS,
    expected: each(dice, tanh, hot, 0, notTwo),
  },
  {
    title: 'Jaccard of the batch',
    make: (monai) => monai.DiceLoss({ ...act, jaccard: true, batch: true }),
    target: SOFT,
    expected: pooled(jaccard, tanh, soft),
  },
  {
    title: 'Dice in a mask',
    make: (monai) => monai.MaskedDiceLoss(act),
    target: SOFT,
    mask: MASK,
    expected: each(dice, tanh, soft, 0, kept),
  },
  {
    title: 'Tversky',
    make: (monai) => monai.TverskyLoss({ ...act, alpha: 0.3, beta: 0.7, smoothNr: 0.5, smoothDr: 0.25 }),
    target: SOFT,
    expected: each(tversky, tanh, soft),
  },
  {
    title: 'generalised Dice',
    make: (monai) => monai.GeneralizedDiceLoss(act),
    target: SOFT,
    expected: generalized(tanh, soft),
  },
]

const DISTANCES = [
  [0, 1, 0.5],
  [1, 0, 0.25],
  [0.5, 0.25, 0],
]
const probability: Value = (n, c, v) =>
  Math.exp(Z.data[at(n, c, v)]!) / sum(range(C).map((k) => Math.exp(Z.data[at(n, k, v)]!)))
/** The generalised Wasserstein Dice loss of a sample. */
function wasserstein(n: number, byVolume: boolean, nr: number, dr: number): number {
  const label = (v: number): number => LABELS.data[n * V + v]!
  const W = range(V).map((v) => sum(range(C).map((c) => DISTANCES[label(v)]![c]! * probability(n, c, v))))
  const volume = (y: number): number => range(V).filter((v) => label(v) === y).length
  const a = (v: number): number => (byVolume ? 1 / (volume(label(v)) + 1) : Number(label(v) > 0))
  const T = sum(W.map((w, v) => a(v) * (1 - w)))
  const rest = byVolume ? sum(W.map((w, v) => a(v) * (2 - w))) : 2 * T + sum(W)
  return 1 - (2 * T + nr) / (rest + dr)
}

/** Targets of either sign, and predictions that the activation makes positive. */
const SIGNED = Float64Array.from(Z.data, (_, i) => Math.cos(3.1 * i))
const signed: Value = (...place) => SIGNED[at(...place)]!
const SIGNED_TARGET = tensor(SIGNED, ...SHAPE)
const sigmoid: Value = (...place) => 1 / (1 + Math.exp(-Z.data[at(...place)]!))
const SIGNED_TARGETS: readonly Row[] = [
  {
    title: 'Dice of probabilities',
    make: (monai) => monai.DiceLoss({ softLabel: true, sigmoid: true }),
    target: SIGNED_TARGET,
    expected: each(dice, sigmoid, signed),
  },
  {
    title: 'Dice of softmax',
    make: (monai) => monai.DiceLoss({ softLabel: true, softmax: true }),
    target: SIGNED_TARGET,
    expected: each(dice, probability, signed),
  },
  {
    title: 'Tversky of either sign',
    make: (monai) => monai.TverskyLoss({ ...act, alpha: 0.3, beta: 0.7, smoothNr: 0.5, smoothDr: 0.25 }),
    target: SIGNED_TARGET,
    expected: each(tversky, tanh, signed),
  },
  {
    title: 'Dice of probabilities in a mask',
    make: (monai) => monai.MaskedDiceLoss({ softLabel: true, sigmoid: true }),
    target: SIGNED_TARGET,
    mask: MASK,
    expected: each(dice, sigmoid, signed, 0, kept),
  },
]

for (const [face, { conventions: made }] of FACES) {
  const tolerance = made === conventions ? 1e-12 : 1e-6
  const { monai } = made

  for (const { title, make, target, mask, expected } of [...NEGATIVE, ...SIGNED_TARGETS]) {
    test(`${face}: soft labels with numbers below 0: ${title}`, (t) => {
      const { loss } = make(monai).evaluate(Z, target, { mask })
      t.true(Math.abs(loss - expected) < tolerance, `${loss}, not ${expected}`)
    })
  }

  for (const [smoothNr, smoothDr] of [
    [0.5, 2],
    [2, 0.5],
    [0, 1e-5],
  ] as const) {
    test(`${face}: Wasserstein Dice smoothed by ${smoothNr} and ${smoothDr}`, (t) => {
      for (const weightingMode of ['default', 'GDL'] as const) {
        const options = { distMatrix: DISTANCES, weightingMode, smoothNr, smoothDr, reduction: 'none' } as const
        const { values, valuesShape } = monai.GeneralizedWassersteinDiceLoss(options).evaluate(Z, LABELS)
        t.deepEqual(valuesShape, [N])
        values.forEach((value, n) => {
          const expected = wasserstein(n, weightingMode === 'GDL', smoothNr, smoothDr)
          t.true(Math.abs(value - expected) < tolerance, `${value}, not ${expected}`)
        })
      }
    })
  }

  test(`${face}: the softmax of one class that counts has no focal loss`, (t) => {
    const two = logits(2, 2, 3)
    const one = logits(2, 1, 3)
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const options = { useSoftmax: true, reduction, includeBackground: false, alpha: 0.3 } as const
      for (const [criterion, z, target] of [
        [monai.FocalLoss(options), one, labels(2, 2, 1, 3)],
        [monai.FocalLoss({ ...options, gamma: 0 }), one, probabilities(2, 1, 3)],
        [monai.FocalLoss({ ...options, toOnehotY: true }), two, labels(2, 2, 1, 3)],
      ] as const) {
        const { loss, values, valuesShape, gradient } = criterion.evaluate(z, target, { gradient: true })
        t.true(Math.abs(loss) < 1e-6)
        t.true([...values, ...gradient].every((value) => Math.abs(value) < 1e-6))
        t.deepEqual(valuesShape, reduction === 'none' ? [2, 1, 3] : [])
      }
    }
  })

  test(`${face}: the slope at p = 0 is that from both sides`, (t) => {
    const criterion = monai.DiceLoss({ softLabel: true })
    const target = tensor(Float64Array.of(0.5, 1, 1, 0, -0.5, 0.25), 1, 1, 6)
    const prediction = (p: number, i: number): Shaped =>
      tensor(Float64Array.of(-0.3, 0, 0.9, 0.5, 0, NaN).with(i, p), 1, 1, 6)
    const pixelWeights = tensor(Float64Array.of(1, 1, 1, 1, 1, 0), 1, 1, 6)
    const { gradient } = criterion.evaluate(prediction(NaN, 5), target, { gradient: true, pixelWeights })
    const exact = conventions.monai.DiceLoss({ softLabel: true })
    const loss = (p: number, i: number): number => exact.evaluate(prediction(p, i), target, { pixelWeights }).loss
    for (const i of [1, 4]) {
      const slope = (loss(1e-6, i) - loss(-1e-6, i)) / 2e-6
      t.true(Math.abs(gradient[i]! - slope) < 1e-6, `${gradient[i]}, not ${slope}`)
    }
    t.is(gradient[5], 0)
  })

  test(`${face}: generalised Dice of targets below 0 has no weights by their sums`, (t) => {
    const soft = { softLabel: true, sigmoid: true } as const
    t.regex(thrown(() => monai.GeneralizedDiceLoss(soft).evaluate(Z, SIGNED_TARGET)).message, /wType/)
    t.true(Number.isFinite(monai.GeneralizedDiceLoss({ ...soft, wType: 'uniform' }).evaluate(Z, SIGNED_TARGET).loss))
  })

  test(`${face}: labels that all weigh 0 have no mean`, (t) => {
    const weightless = monai.DiceCELoss({ softmax: true, toOnehotY: true, weight: [0, 0, 0] })
    const { loss, values, terms } = weightless.evaluate(Z, LABELS)
    t.deepEqual([loss, ...values, terms!['crossEntropy']], [NaN, NaN, NaN])
    t.true(Number.isFinite(terms!['dice']))
    const outside = tensor(LABELS.data.with(3, 7), ...LABELS.shape)
    t.regex(
      thrown(() => monai.DiceLoss({ ...act, toOnehotY: true }).evaluate(Z, untyped(outside))).message,
      /labels 0 to 2/,
    )
  })
}

for (const { title, make, target, mask } of [...NEGATIVE, ...SIGNED_TARGETS]) {
  test(`the gradient is that of the loss of soft labels: ${title}`, (t) => {
    checkCriterion(t, make(conventions.monai), Z, target, { mask })
  })
}

test('the gradient is that of Wasserstein Dice with two smoothings', (t) => {
  for (const weightingMode of ['default', 'GDL'] as const) {
    const options = { distMatrix: DISTANCES, weightingMode, smoothNr: 0.5, smoothDr: 2 }
    checkCriterion(t, conventions.monai.GeneralizedWassersteinDiceLoss(options), Z, LABELS)
  }
})
