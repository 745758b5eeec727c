/** Conventions whose libraries record few numbers: each against its library's formula, written out, and that formula's differences. */
import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { FACES, thrown, untyped } from './faces.ts'
import * as field from './twins/field.ts'
import * as odyssey from './twins/segloss.ts'
import { mean, nest, nestLabels, nestLast, oneHot, sigmoid, softmax, sum, type Planes } from './twins/tensors.ts'

const { jdt, pytorch3dunet, seed, segloss, vnet } = conventions

const wave = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => 2 * Math.sin(7.3 * i + 1))
const tensor = (data: Float64Array | Int32Array, ...shape: number[]) => ({ data, shape })
type Tensor = ReturnType<typeof tensor>

// Two samples of three classes and six pixels; class 2 is absent from the first, class 0 from the second.
const SHAPE = [2, 3, 2, 3]
const LOGITS = tensor(wave(36), ...SHAPE)
const LABEL_MAP = Int32Array.of(0, 1, 1, 0, 1, 0, 2, 1, 1, 2, 2, 1)
const LABELS = tensor(LABEL_MAP, 2, 1, 2, 3)
const Y = nestLabels(LABEL_MAP, 2)
const G = oneHot(Y, 3)
const ONE_HOT = tensor(Float64Array.from(G.flat(2)), ...SHAPE)
const SOFT_NUMBERS = wave(36).map((z) => 0.25 + z / 10)
const SOFT = tensor(SOFT_NUMBERS, ...SHAPE)
const S = nest(SOFT_NUMBERS, SHAPE)
const MASK = Int32Array.of(1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0)
const KEEP = nestLabels(MASK, 2)
const ONE_CHANNEL = tensor(wave(12), 2, 1, 2, 3)
const FOREGROUND = Float64Array.of(0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1)
const F = nest(FOREGROUND, [2, 1])
const IGNORED_MAP = Int32Array.from(LABEL_MAP, (label, i) => (i % 5 === 3 ? 255 : label))
const IGNORED = nestLabels(IGNORED_MAP, 2)
const NOT_IGNORED = IGNORED.map((row) => row.map((label) => Number(label !== 255)))
const LAST = tensor(wave(36), 2, 2, 3, 3)
const PROBABILITIES = tensor(Float64Array.from(softmax(nest(wave(36), SHAPE)).flat(2)), ...SHAPE)

interface Row {
  readonly title: string
  readonly criterion: ConventionCriterion
  readonly prediction?: Tensor
  readonly target?: Tensor
  readonly mask?: Tensor
  /** The library's formula, of the prediction as it is passed. */
  readonly twin: (data: Float64Array) => number
}

const soft = (f: (p: Planes) => number) => (data: Float64Array) => f(softmax(nest(data, SHAPE)))
const row = (title: string, criterion: ConventionCriterion, twin: Row['twin'], more: Partial<Row> = {}): Row => ({
  title,
  criterion,
  twin,
  ...more,
})
const onePlane = (f: (z: Planes) => number) => (data: Float64Array) => f(nest(data, [2, 1]))
const BINARY = tensor(FOREGROUND, 2, 1, 2, 3)
const ONES = [1, 1, 1]
const focalMean = (p: Planes, ...rest: [number[], number, number]): number => mean(odyssey.focal(p, Y, ...rest))

const SEGLOSS: readonly Row[] = [
  row(
    'SoftDiceLoss',
    segloss.SoftDiceLoss(),
    soft((p) => odyssey.softDice(p, G)),
  ),
  row(
    'SoftDiceLoss of a batch, foreground',
    segloss.SoftDiceLoss({ batchDice: true, doBg: false, smooth: 1e-5 }),
    soft((p) => odyssey.softDice(p, G, { batchDice: true, doBg: false, smooth: 1e-5 })),
  ),
  row(
    'SoftDiceLoss, squared, masked',
    segloss.SoftDiceLoss({ square: true }),
    soft((p) => odyssey.softDice(p, G, { square: true, mask: KEEP })),
    { mask: tensor(MASK, 2, 1, 2, 3) },
  ),
  row(
    'SoftDiceLoss of planes behind a sigmoid',
    segloss.SoftDiceLoss({ applyNonlin: 'sigmoid' }),
    (data) => odyssey.softDice(sigmoid(nest(data, SHAPE)), S),
    { target: SOFT },
  ),
  row(
    'SoftDiceLoss of probabilities',
    segloss.SoftDiceLoss({ applyNonlin: null }),
    (data) => odyssey.softDice(nest(data, SHAPE), G),
    { prediction: PROBABILITIES },
  ),
  row(
    'SoftDiceLoss of one channel',
    segloss.SoftDiceLoss({ applyNonlin: 'sigmoid' }),
    onePlane((z) => odyssey.softDice(sigmoid(z), F)),
    { prediction: ONE_CHANNEL, target: tensor(FOREGROUND, 2, 2, 3) },
  ),
  row(
    'SoftDiceLoss of one channel behind a softmax',
    segloss.SoftDiceLoss(),
    onePlane((z) => odyssey.softDice(softmax(z), F)),
    { prediction: ONE_CHANNEL, target: BINARY },
  ),
  row(
    'IoULoss',
    segloss.IoULoss({ smooth: 0.1 }),
    soft((p) => odyssey.tversky(p, G, 1, 1, { smooth: 0.1 })),
  ),
  row(
    'TverskyLoss',
    segloss.TverskyLoss({ doBg: false }),
    soft((p) => odyssey.tversky(p, G, 0.3, 0.7, { doBg: false })),
  ),
  row(
    'TverskyLoss with other weights',
    segloss.TverskyLoss({ square: true, alpha: 0.6, beta: 0.5 }),
    soft((p) => odyssey.tversky(p, G, 0.6, 0.5, { square: true })),
  ),
  row(
    'FocalTverskyLoss',
    segloss.FocalTverskyLoss(),
    soft((p) => (1 + odyssey.tversky(p, G, 0.3, 0.7)) ** 0.75),
  ),
  row(
    'FocalTverskyLoss of a batch',
    segloss.FocalTverskyLoss({ tverskyKwargs: { batchDice: true, applyNonlin: 'sigmoid' }, gamma: 1.5 }),
    (data) => (1 + odyssey.tversky(sigmoid(nest(data, SHAPE)), G, 0.3, 0.7, { batchDice: true })) ** 1.5,
  ),
  row(
    'AsymLoss',
    segloss.AsymLoss({ square: true }),
    soft((p) => odyssey.tversky(p, G, 1 / 3.25, 2.25 / 3.25, { square: true })),
  ),
  row(
    'SSLoss',
    segloss.SSLoss({ square: true }),
    soft((p) => odyssey.sensitivitySpecificity(p, G)),
  ),
  row(
    'SSLoss of a batch, foreground',
    segloss.SSLoss({ batchDice: true, doBg: false, smooth: 0.5 }),
    soft((p) => odyssey.sensitivitySpecificity(p, G, { batchDice: true, doBg: false, smooth: 0.5 })),
    { target: ONE_HOT },
  ),
  row(
    'GDiceLoss',
    segloss.GDiceLoss({ smooth: 1e-3 }),
    soft((p) => odyssey.gdice(p, G, 1e-3)),
  ),
  row(
    'GDiceLoss of soft planes',
    segloss.GDiceLoss(),
    soft((p) => odyssey.gdice(p, S)),
    { target: SOFT },
  ),
  row(
    'GDiceLossV2',
    segloss.GDiceLossV2(),
    soft((p) => odyssey.gdiceV2(p, G)),
  ),
  row(
    'GDiceLossV2 with a high bound',
    segloss.GDiceLossV2({ smooth: 20 }),
    soft((p) => odyssey.gdiceV2(p, G, 20)),
  ),
  row(
    'PenaltyGDiceLoss',
    segloss.PenaltyGDiceLoss(),
    soft((p) => odyssey.penalty(odyssey.gdice(p, G), 2.5)),
  ),
  row(
    'PenaltyGDiceLoss of soft planes',
    segloss.PenaltyGDiceLoss({ gdiceKwargs: { smooth: 0.1 }, k: 1 }),
    soft((p) => odyssey.penalty(odyssey.gdice(p, S, 0.1), 1)),
    { target: SOFT },
  ),
  row(
    'ExpLogLoss',
    segloss.ExpLogLoss(),
    soft((p) => odyssey.expLog(-odyssey.softDice(p, G), odyssey.weightedCrossEntropy(p, Y, ONES), 0.3)),
  ),
  row(
    'ExpLogLoss with weights',
    segloss.ExpLogLoss({
      softDiceKwargs: { batchDice: true, doBg: false, smooth: 0.1 },
      wceKwargs: { weight: [1, 2, 0.5] },
      gamma: 1.2,
    }),
    soft((p) =>
      odyssey.expLog(
        -odyssey.softDice(p, G, { batchDice: true, doBg: false, smooth: 0.1 }),
        odyssey.weightedCrossEntropy(p, Y, [1, 2, 0.5]),
        1.2,
      ),
    ),
  ),
  row(
    'TopKLoss',
    segloss.TopKLoss({ k: 30 }),
    soft((p) => odyssey.topK(p, Y, 30, ONES, -100)),
    { target: tensor(LABEL_MAP, 2, 2, 3) },
  ),
  row(
    'TopKLoss, weighted, more than counts',
    segloss.TopKLoss({ k: 95, weight: [1, 2, 0.5], ignoreIndex: 255 }),
    soft((p) => odyssey.topK(p, IGNORED, 95, [1, 2, 0.5], 255)),
    { target: tensor(IGNORED_MAP, 2, 1, 2, 3) },
  ),
  row(
    'FocalLoss',
    segloss.FocalLoss(),
    soft((p) => focalMean(p, ONES, 2, 1e-5)),
  ),
  row(
    'FocalLoss, weighted, smooth',
    segloss.FocalLoss({ alpha: [1, 2, 1], gamma: 1.5, smooth: 0.1 }),
    soft((p) => focalMean(p, [0.25, 0.5, 0.25], 1.5, 0.1)),
  ),
  row(
    'FocalLoss, balanced sum',
    segloss.FocalLoss({ alpha: 0.7, balanceIndex: 1, sizeAverage: false, smooth: 0 }),
    soft((p) => sum(odyssey.focal(p, Y, [1 - 0.7, 0.7, 1 - 0.7], 2, 0))),
  ),
  row('FocalLoss behind a sigmoid', segloss.FocalLoss({ applyNonlin: 'sigmoid', smooth: 0.02, gamma: 0 }), (data) =>
    focalMean(sigmoid(nest(data, SHAPE)), ONES, 0, 0.02),
  ),
]

const PYTORCH_3DUNET: readonly Row[] = [
  row('DiceLoss', pytorch3dunet.DiceLoss(), (data) => 1 - mean(field.perChannelDice(sigmoid(nest(data, SHAPE)), S)), {
    target: SOFT,
  }),
  row(
    'DiceLoss, weighted',
    pytorch3dunet.DiceLoss({ normalization: 'softmax', weight: [1, 2, 0.5] }),
    soft((p) => 1 - mean(field.perChannelDice(p, G, [1, 2, 0.5]))),
    { target: ONE_HOT },
  ),
  row(
    'DiceLoss of probabilities',
    pytorch3dunet.DiceLoss({ normalization: 'none' }),
    (data) => 1 - mean(field.perChannelDice(nest(data, SHAPE), G)),
    { prediction: PROBABILITIES, target: ONE_HOT },
  ),
  row(
    'GeneralizedDiceLoss',
    pytorch3dunet.GeneralizedDiceLoss({ normalization: 'softmax', epsilon: 1e-4 }),
    soft((p) => field.generalizedDice(p, S, 1e-4)),
    { target: SOFT },
  ),
  row(
    'GeneralizedDiceLoss of one channel',
    pytorch3dunet.GeneralizedDiceLoss(),
    onePlane((z) => field.generalizedDice(sigmoid(z), F)),
    { prediction: ONE_CHANNEL, target: BINARY },
  ),
  row(
    'GeneralizedDiceLoss of one channel of probabilities',
    pytorch3dunet.GeneralizedDiceLoss({ normalization: 'none' }),
    onePlane((p) => field.generalizedDice(p, F)),
    { prediction: tensor(Float64Array.from(sigmoid(nest(wave(12), [2, 1])).flat(2)), 2, 1, 2, 3), target: BINARY },
  ),
  row(
    'BCEDiceLoss',
    pytorch3dunet.BCEDiceLoss({ alpha: 0.5 }),
    (data) => {
      const z = nest(data, SHAPE)
      return field.binaryCrossEntropy(z, S) + 0.5 * (1 - mean(field.perChannelDice(sigmoid(z), S)))
    },
    { target: SOFT },
  ),
]

const hard = (title: string, options: field.Jdt, more: Partial<Row> = {}): Row =>
  row(
    `JDTLoss ${title}`,
    jdt.JDTLoss(untyped(options)),
    soft((p) => field.jdt(p, G, 'PRESENT', options)),
    { target: tensor(LABEL_MAP, 2, 2, 3), ...more },
  )
const MEANS = { mIoUD: 0.5, mIoUI: 0.25, mIoUC: 2 } as const

const JDT: readonly Row[] = [
  hard('of the data', {}),
  hard('as Dice', { alpha: 0.5, beta: 0.5 }),
  hard('of images', { mIoUD: 0, mIoUI: 1 }),
  hard('of classes', { mIoUD: 0, mIoUC: 1 }),
  hard('of all three', { ...MEANS, classWeights: [1, 2, 0.5] }),
  hard('of squares', { ...MEANS, norm: 2, smooth: 1 }),
  hard('focal', { ...MEANS, gamma: 2 }),
  hard('with a logarithm', { ...MEANS, logLoss: true }),
  hard('focal with a logarithm', { ...MEANS, logLoss: true, gamma: 1.5, alpha: 0.3, beta: 0.7 }),
  hard('of nothing', { mIoUD: 0 }),
  row(
    'JDTLoss of all classes',
    jdt.JDTLoss({ ...MEANS, activeClassesModeHard: 'ALL' }),
    soft((p) => field.jdt(p, G, 'ALL', MEANS)),
  ),
  row(
    'JDTLoss with ignored pixels',
    jdt.JDTLoss({ ...MEANS, ignoreIndex: 255 }),
    soft((p) => field.jdt(p, oneHot(IGNORED, 3), 'PRESENT', MEANS, NOT_IGNORED)),
    { target: tensor(IGNORED_MAP, 2, 2, 3) },
  ),
  row(
    'JDTLoss with an ignored class',
    jdt.JDTLoss({ ...MEANS, ignoreIndex: 1 }),
    soft((p) =>
      field.jdt(
        p,
        G,
        'PRESENT',
        MEANS,
        Y.map((labels) => labels.map((label) => Number(label !== 1))),
      ),
    ),
  ),
  row(
    'JDTLoss with a mask, which is all that is ignored',
    jdt.JDTLoss({ ...MEANS, ignoreIndex: 1 }),
    soft((p) => field.jdt(p, G, 'PRESENT', MEANS, KEEP)),
    { mask: tensor(MASK, 2, 2, 3) },
  ),
  row(
    'JDTLoss of soft targets',
    jdt.JDTLoss(MEANS),
    soft((p) => field.jdt(p, S, 'ALL', MEANS)),
    { target: SOFT },
  ),
  ...[0.1, 0.42, 0.45, 0.9].map((threshold) =>
    row(
      `JDTLoss of soft targets above ${threshold}`,
      jdt.JDTLoss({ ...MEANS, activeClassesModeSoft: 'PRESENT', threshold }),
      soft((p) => field.jdt(p, S, 'PRESENT', { ...MEANS, threshold }, KEEP)),
      { target: SOFT, mask: tensor(MASK, 2, 2, 3) },
    ),
  ),
]

const last = (f: (p: Planes, g: Planes) => number) => (data: Float64Array) => f(nestLast(data, 2, 3), G)
/** What comes is computed with, probabilities or not; beyond the clip as well. */
const NUMBERS = tensor(
  Float64Array.from({ length: 36 }, (_, i) => [0.2, 0.7, 0.1, 0.5, -0.25, 1.25][i % 6]!),
  2,
  2,
  3,
  3,
)
const STEEP = tensor(
  wave(36).map((z) => 12 * z),
  2,
  2,
  3,
  3,
)

const PAPERS: readonly Row[] = [
  row('DiceLoss of V-Net', vnet.DiceLoss(), (data) => field.vnet(nest(data, SHAPE), G, 1), {
    prediction: PROBABILITIES,
  }),
  row(
    'DiceLoss of V-Net, from logits',
    vnet.DiceLoss({ fromLogits: true }),
    soft((p) => field.vnet(p, G, 1)),
    { target: ONE_HOT },
  ),
  row(
    'DiceLoss of V-Net, one channel',
    vnet.DiceLoss({ fromLogits: true }),
    onePlane((z) => field.vnet(sigmoid(z), F, 0)),
    { prediction: ONE_CHANNEL, target: BINARY },
  ),
  row('CCE', seed.cce(), last(field.cce), { prediction: NUMBERS }),
  row(
    'CCE from logits',
    seed.cce({ fromLogits: true }),
    last((z, g) => field.cce(softmax(z), g)),
    { prediction: STEEP },
  ),
  ...(['dice', 'diceSquare', 'dicefg', 'dicefgSquare'] as const).flatMap((name) => {
    const [power, first] = [name.endsWith('Square') ? 2 : 1, name.startsWith('dicefg') ? 1 : 0]
    return [
      row(
        `${name} from logits`,
        seed[name]({ fromLogits: true }),
        last((z, g) => field.articleDice(softmax(z), g, power, first)),
        { prediction: LAST },
      ),
      row(
        name,
        seed[name](),
        last((p, g) => field.articleDice(p, g, power, first)),
        { prediction: NUMBERS },
      ),
    ]
  }),
].map((given): Row =>
  given.prediction?.shape.at(-1) === 3 && given.prediction.shape[1] === 2 ? labelsLast(given) : given,
)

/** Labels with the classes' axis last. */
function labelsLast(given: Row): Row {
  return { ...given, target: tensor(LABEL_MAP, 2, 2, 3, 1) }
}

const differences = (f: (data: Float64Array) => number, data: Float64Array): number[] =>
  Array.from(data, (_, i) => {
    const at = (offset: number): number => f(data.with(i, data[i]! + offset))
    return (at(1e-6) - at(-1e-6)) / 2e-6
  })

for (const { title, criterion, prediction = LOGITS, target = LABELS, mask, twin } of [
  ...SEGLOSS,
  ...PYTORCH_3DUNET,
  ...JDT,
  ...PAPERS,
]) {
  test(`value and gradient are the library's: ${title}`, (t) => {
    const data = prediction.data as Float64Array
    const { loss, values, gradient } = criterion.evaluate(prediction, target, { gradient: true, mask })
    const expected = twin(data)
    t.true(Math.abs(loss - expected) <= 1e-12 * (1 + Math.abs(expected)), `${loss} instead of ${expected}`)
    t.deepEqual([...values], [loss])
    const slopes = differences(twin, data)
    const largest = Math.max(...slopes.map(Math.abs))
    for (const [i, slope] of slopes.entries()) {
      t.true(
        Math.abs(gradient[i]! - slope) <= 1e-6 * largest + 1e-9,
        `slope ${i} is ${gradient[i]} instead of ${slope}`,
      )
    }
  })
}

for (const [name, face] of FACES) {
  test(`${name}: what means nothing is refused by name`, (t) => {
    const { segloss: odyssean, jdt: jaccard } = face.conventions
    const message = (call: () => unknown): string => thrown(call).message
    t.regex(
      message(() => odyssean.SoftDiceLoss(untyped({ applyNonlin: Math.tanh }))),
      /'softmax'/,
    )
    t.regex(
      message(() => odyssean.ExpLogLoss(untyped({ softDiceKwargs: { applyNonlin: 'softmax' } }))),
      /applyNonlin/,
    )
    t.regex(
      message(() => odyssean.SoftDiceLoss({ square: true }).evaluate(LOGITS, SOFT)),
      /0 or 1 with square/,
    )
    t.regex(
      message(() => odyssean.IoULoss({ doBg: false, applyNonlin: 'sigmoid' }).evaluate(ONE_CHANNEL, BINARY)),
      /beside the background/,
    )
    t.regex(
      message(() => odyssean.FocalLoss({ alpha: 0.5, balanceIndex: 3 }).evaluate(LOGITS, LABELS)),
      /balanceIndex/,
    )
    t.regex(
      message(() => jaccard.JDTLoss(untyped({ norm: 3 }))),
      /norm/,
    )
    t.regex(
      message(() => jaccard.JDTLoss({ threshold: 1 })),
      /threshold/,
    )
  })
}
