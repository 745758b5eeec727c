/** nnU-Net's compounds with many options, against Dice and PyTorch's cross-entropies written out. */
import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { checkCriterion, labels, logits, tensor, type Shaped } from './cases/conventions.ts'
import { FACES, thrown, untyped } from './faces.ts'

const SHAPE = [2, 3, 2, 4] as const
const [N, C, V] = [2, 3, 8]
const Z = logits(...SHAPE)
const BITS = labels(2, ...SHAPE)
const LABELS = labels(C, N, 1, 2, 4)
/** The planes of the regions, and behind them one that is 1 where pixels do not count. */
const IGNORED = Array.from({ length: N * V }, (_, pixel) => Number(pixel % 5 === 3))
const WITH_IGNORED = tensor(
  Float64Array.from({ length: N * (C + 1) * V }, (_, i) => {
    const [sample, c, pixel] = [Math.floor(i / ((C + 1) * V)), Math.floor(i / V) % (C + 1), i % V]
    return c === C ? IGNORED[sample * V + pixel]! : BITS.data[(sample * C + c) * V + pixel]!
  }),
  N,
  C + 1,
  2,
  4,
)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const at = (sample: number, c: number, pixel: number): number => (sample * C + c) * V + pixel
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** Minus the mean over samples and channels of `(2I + 1)/(P + G + 1)`. */
function negatedDice(
  p: (index: number) => number,
  g: (index: number) => number,
  keep: (pixel: number) => number,
): number {
  const scores = Array.from({ length: N * C }, (_, plane) => {
    let [I, sizes] = [0, 0]
    for (let pixel = 0; pixel < V; pixel += 1) {
      const [index, m] = [plane * V + pixel, keep(Math.floor(plane / C) * V + pixel)]
      I += m * p(index) * g(index)
      sizes += m * (p(index) + g(index))
    }
    return (2 * I + 1) / (sizes + 1)
  })
  return -sum(scores) / scores.length
}

/** `w·(π·t·log(1 + e^{−z}) + (1 − t)·log(1 + e^z))` of each element. */
const entropies = (w: (index: number) => number, pi: (index: number) => number): number[] =>
  Array.from(Z.data, (z, i) => {
    const t = BITS.data[i]!
    return w(i) * (pi(i) * t * Math.log1p(Math.exp(-z)) + (1 - t) * Math.log1p(Math.exp(z)))
  })
const channelOf = (index: number): number => Math.floor(index / V) % C
const pixelOf = (index: number): number => Math.floor(index / (C * V)) * V + (index % V)
const one = (): number => 1
const binaryDice = (keep: (pixel: number) => number): number =>
  negatedDice(
    (i) => sigmoid(Z.data[i]!),
    (i) => BITS.data[i]!,
    keep,
  )

interface Row {
  readonly title: string
  readonly options: object
  readonly target?: Shaped
  readonly expected: number
}

const COLUMNS = [[[1, 2, 0, 3]]]
const BINARY: readonly Row[] = [
  {
    title: 'a factor of the positive part for each channel',
    options: { bceKwargs: { posWeight: [[[2]], [[3]], [[0.5]]] } },
    expected: binaryDice(one) + sum(entropies(one, (i) => [2, 3, 0.5][channelOf(i)]!)) / (N * C * V),
  },
  {
    title: 'a number for all, summed',
    options: { bceKwargs: { posWeight: 3, reduction: 'sum' }, weightCe: 0.5 },
    expected: binaryDice(one) + 0.5 * sum(entropies(one, () => 3)),
  },
  {
    title: 'a factor of each column',
    options: { bceKwargs: { weight: COLUMNS, posWeight: 2 }, weightDice: 2 },
    expected:
      2 * binaryDice(one) +
      sum(
        entropies(
          (i) => COLUMNS[0]![0]![i % 4]!,
          () => 2,
        ),
      ) /
        (N * C * V),
  },
  {
    title: 'a factor for each channel beside ignored pixels, whatever the reduction',
    options: {
      useIgnoreLabel: true,
      bceKwargs: { posWeight: [[[2]], [[3]], [[0.5]]], reduction: 'none' },
      weightCe: 2,
    },
    target: WITH_IGNORED,
    expected:
      binaryDice((pixel) => 1 - IGNORED[pixel]!) +
      (2 *
        sum(
          entropies(
            (i) => 1 - IGNORED[pixelOf(i)]!,
            (i) => [2, 3, 0.5][channelOf(i)]!,
          ),
        )) /
        IGNORED.filter((ignored) => ignored === 0).length,
  },
  {
    title: 'ignored pixels alone',
    options: { useIgnoreLabel: true, bceKwargs: { reduction: 'sum' } },
    target: WITH_IGNORED,
    expected:
      binaryDice((pixel) => 1 - IGNORED[pixel]!) +
      sum(entropies((i) => 1 - IGNORED[pixelOf(i)]!, one)) / IGNORED.filter((ignored) => ignored === 0).length,
  },
]

/** Softmax, and `−w_y·log p_y` of each pixel. */
const probability = (index: number): number => {
  const [sample, pixel] = [Math.floor(index / (C * V)), index % V]
  return Math.exp(Z.data[index]!) / sum([0, 1, 2].map((c) => Math.exp(Z.data[at(sample, c, pixel)]!)))
}
const labelEntropies = (w: readonly number[] = [1, 1, 1]): number[] =>
  Array.from(LABELS.data, (y, i) => -w[y]! * Math.log(probability(at(Math.floor(i / V), y, i % V))))
const labelDice = negatedDice(probability, (i) => Number(LABELS.data[pixelOf(i)] === channelOf(i)), one)
const worst = (count: number): number =>
  sum(
    labelEntropies()
      .toSorted((a, b) => b - a)
      .slice(0, count),
  ) / count
const weightOf = (w: readonly number[]): number => sum(Array.from(LABELS.data, (y) => w[y]!))

const ENTROPY: readonly Row[] = [
  {
    title: 'weights of the classes',
    options: { ceKwargs: { weight: [1, 2, 0] } },
    expected: labelDice + sum(labelEntropies([1, 2, 0])) / weightOf([1, 2, 0]),
  },
  { title: 'a sum', options: { ceKwargs: { reduction: 'sum' } }, expected: labelDice + sum(labelEntropies()) },
  { title: 'no weight at all', options: { ceKwargs: { weight: [0, 0, 0] } }, expected: NaN },
  { title: 'no factor of that', options: { ceKwargs: { weight: [0, 0, 0] }, weightCe: 0 }, expected: labelDice },
]
const TOP: readonly Row[] = [
  { title: '40 % of 16 pixels', options: { ceKwargs: { k: 40 } }, expected: labelDice + worst(6) },
  { title: '6 % of 16 pixels', options: { ceKwargs: { k: 6 } }, expected: NaN },
  { title: 'no factor of that', options: { ceKwargs: { k: 6 }, weightCe: 0 }, expected: labelDice },
]

for (const [face, { conventions: made }] of FACES) {
  const tolerance = made === conventions ? 1e-12 : 1e-6
  const { nnunet } = made
  const suites: readonly (readonly [string, (options: never) => ConventionCriterion, Shaped, readonly Row[]])[] = [
    ['DC_and_BCE_loss', nnunet.DC_and_BCE_loss, BITS, BINARY],
    ['DC_and_CE_loss', nnunet.DC_and_CE_loss, LABELS, ENTROPY],
    ['DC_and_topk_loss', nnunet.DC_and_topk_loss, LABELS, TOP],
  ]
  for (const [name, make, planes, rows] of suites) {
    for (const { title, options, target = planes, expected } of rows) {
      test(`${face}: ${name} with ${title}`, (t) => {
        const { loss, terms } = make(untyped(options)).evaluate(Z, target)
        t.true(Object.is(loss, expected) || Math.abs(loss - expected) < tolerance, `${loss}, not ${expected}`)
        const { weightCe = 1, weightDice = 1 } = options as { weightCe?: number; weightDice?: number }
        const entropy = terms!['binaryCrossEntropy'] ?? terms!['crossEntropy']!
        t.is(Number.isNaN(entropy), Number.isNaN(loss))
        t.true(Number.isFinite(terms!['dice']))
        if (Number.isNaN(loss)) return
        t.true(Math.abs(weightCe * entropy + weightDice * terms!['dice']! - loss) < tolerance)
      })
    }
  }

  test(`${face}: TopKLoss of the worst pixels, and of none`, (t) => {
    t.true(Math.abs(nnunet.TopKLoss({ k: 40 }).evaluate(Z, LABELS).loss - worst(6)) < tolerance)
    t.is(nnunet.TopKLoss({ k: 6 }).evaluate(Z, LABELS).loss, NaN)
  })

  test(`${face}: one channel is a plane, with its axis and without`, (t) => {
    const z = logits(2, 1, 3)
    const bits = Int32Array.of(0, 1, 1, 0, 0, 1)
    const loss = (...shape: number[]): number =>
      nnunet.SoftDiceLoss({ applyNonlin: 'sigmoid' }).evaluate(z, tensor(bits, ...shape)).loss
    t.is(loss(2, 3), loss(2, 1, 3))
  })

  test(`${face}: a reduction that leaves no loss is refused`, (t) => {
    t.regex(
      thrown(() => nnunet.DC_and_BCE_loss({ bceKwargs: { reduction: 'none' } })).message,
      /without useIgnoreLabel/,
    )
    t.regex(
      thrown(() => nnunet.DC_and_BCE_loss({ bceKwargs: { posWeight: [2, 3, 4] } }).evaluate(Z, BITS)).message,
      /broadcasts to .* for posWeight/,
    )
  })
}

for (const { title, options, target = BITS } of BINARY) {
  test(`the gradient is that of the loss: ${title}`, (t) => {
    checkCriterion(t, conventions.nnunet.DC_and_BCE_loss(untyped(options)), Z, target)
  })
}

test('where all pixels are of the ignored label, cross-entropy is left out', (t) => {
  const nothing = tensor(new Int32Array(16).fill(255), 2, 1, 2, 4)
  for (const make of [conventions.nnunet.DC_and_CE_loss, conventions.nnunet.DC_and_topk_loss]) {
    t.is(make({ ignoreLabel: 255 }).evaluate(Z, nothing).loss, -1)
  }
})

for (const [face, { conventions: made }] of FACES) {
  for (const name of ['weight', 'posWeight'] as const) {
    for (const useIgnoreLabel of [false, true]) {
      test(`${face}: ${name} of each element of one region${useIgnoreLabel ? ', the last ignored' : ''}`, (t) => {
        const z = [0.3, -0.2, 1, 2]
        const bits = [0, 1, 1, 0]
        const factors = [5, 7, 1, 1]
        const target = useIgnoreLabel
          ? tensor(Float64Array.of(...bits, 0, 0, 0, 1), 1, 2, 4)
          : tensor(Float64Array.from(bits), 1, 1, 4)
        const criterion = made.nnunet.DC_and_BCE_loss({ bceKwargs: { [name]: factors }, useIgnoreLabel })
        const { loss, terms } = criterion.evaluate(tensor(Float64Array.from(z), 1, 1, 4), target)
        const counted = useIgnoreLabel ? [0, 1, 2] : [0, 1, 2, 3]
        const losses = counted.map((i) => {
          const factor = name === 'weight' || bits[i] === 1 ? factors[i]! : 1
          return factor * Math.log1p(Math.exp(bits[i] === 1 ? -z[i]! : z[i]!))
        })
        const entropy = sum(losses) / counted.length
        const dice = -(2 * (sigmoid(z[1]!) + sigmoid(z[2]!)) + 1) / (sum(counted.map((i) => sigmoid(z[i]!))) + 3)
        t.true(Math.abs(terms!['binaryCrossEntropy']! - entropy) < 1e-6)
        t.true(Math.abs(terms!['dice']! - dice) < 1e-6)
        t.true(Math.abs(loss - dice - entropy) < 1e-6)
      })
    }
  }
}
