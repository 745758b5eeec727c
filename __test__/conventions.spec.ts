/** What the conventions add to the engines: options under other names, steps with gradients, several jobs, broadcast weights. */
import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { FACES, thrown, untyped } from './faces.ts'

const { monai, nnunet, torch } = conventions

/** Repeatable numbers in (−2, 2). */
const logits = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => 2 * Math.sin(7.3 * i + 1))
const probabilities = (length: number): Float64Array => logits(length).map((z) => 1 / (1 + Math.exp(-z)))
const tensor = (data: Float64Array | Int32Array, ...shape: number[]) => ({ data, shape })

const PREDICTION = tensor(logits(2 * 3 * 4), 2, 3, 2, 2)
const ONE_CHANNEL = tensor(probabilities(2 * 4), 2, 1, 2, 2)
const LABEL_MAP = Int32Array.of(0, 1, 2, 0, 1, 1, 0, 2)
const LABELS = tensor(LABEL_MAP, 2, 1, 2, 2)
const BINARY = tensor(Int32Array.of(0, 1, 1, 0, 1, 1, 0, 0), 2, 1, 2, 2)
const IGNORED_MAP = Int32Array.of(0, 1, 255, 0, 1, 1, 255, 2)
const WITH_IGNORED = tensor(IGNORED_MAP, 2, 1, 2, 2)
const SOFT = tensor(
  probabilities(2 * 3 * 4).map((value, i) => (i % 3 === 0 ? value : 1 - value)),
  2,
  3,
  2,
  2,
)

type Tensor = { readonly data: Float64Array | Int32Array; readonly shape: number[] }
type Row = readonly [title: string, criterion: ConventionCriterion, prediction: Tensor, target: Tensor]

const hot = { toOnehotY: true } as const

/** Everything that is more than one engine call on the caller's own memory. */
const ROWS: readonly Row[] = [
  ['tanh', monai.DiceLoss({ ...hot, otherAct: 'tanh' }), PREDICTION, LABELS],
  ['logSoftmax', monai.TverskyLoss({ ...hot, otherAct: 'logSoftmax', alpha: 0.3 }), PREDICTION, LABELS],
  [
    'dice, no reduction',
    monai.DiceLoss({ ...hot, softmax: true, reduction: 'none', weight: [1, 2, 3] }),
    PREDICTION,
    LABELS,
  ],
  [
    'dice and cross-entropy, two activations',
    monai.DiceCELoss({ ...hot, sigmoid: true, weight: [1, 2, 3] }),
    PREDICTION,
    LABELS,
  ],
  ['dice and cross-entropy, one channel', monai.DiceCELoss({ sigmoid: true, weight: [2] }), ONE_CHANNEL, BINARY],
  [
    'dice and cross-entropy, soft',
    monai.DiceCELoss({ softmax: true, labelSmoothing: 0.1, lambdaCe: 0.3 }),
    PREDICTION,
    SOFT,
  ],
  [
    'focal, softmax of the foreground',
    monai.FocalLoss({ ...hot, useSoftmax: true, includeBackground: false }),
    PREDICTION,
    LABELS,
  ],
  [
    'focal, softmax of the foreground, soft',
    monai.FocalLoss({ useSoftmax: true, includeBackground: false }),
    PREDICTION,
    SOFT,
  ],
  [
    'focal, softmax, elements',
    monai.FocalLoss({ ...hot, useSoftmax: true, reduction: 'none', alpha: 0.3 }),
    PREDICTION,
    LABELS,
  ],
  [
    'focal, sigmoid, elements of the foreground',
    monai.FocalLoss({ ...hot, reduction: 'none', includeBackground: false }),
    PREDICTION,
    LABELS,
  ],
  ['focal, sum', monai.FocalLoss({ ...hot, reduction: 'sum', alpha: 0.8, gamma: 1.5 }), PREDICTION, LABELS],
  [
    'focal, ignored pixels',
    monai.FocalLoss({ ...hot, useSoftmax: true, includeBackground: false, ignoreIndex: 255 }),
    PREDICTION,
    WITH_IGNORED,
  ],
  ['dice and focal', monai.DiceFocalLoss({ ...hot, softmax: true, lambdaFocal: 0.5 }), PREDICTION, LABELS],
  [
    'dice and focal, elements',
    monai.DiceFocalLoss({ ...hot, softmax: true, reduction: 'none', lambdaDice: 2 }),
    PREDICTION,
    LABELS,
  ],
  [
    'dice and focal, elements of a pooled batch',
    monai.DiceFocalLoss({ ...hot, sigmoid: true, reduction: 'none', batch: true }),
    PREDICTION,
    LABELS,
  ],
  [
    'generalised dice and focal',
    monai.GeneralizedDiceFocalLoss({ ...hot, softmax: true, reduction: 'none' }),
    PREDICTION,
    LABELS,
  ],
  [
    'wasserstein',
    monai.GeneralizedWassersteinDiceLoss({
      distMatrix: [
        [0, 2, 2],
        [2, 0, 1],
        [2, 1, 0],
      ],
    }),
    PREDICTION,
    LABELS,
  ],
  ['unified focal', monai.AsymmetricUnifiedFocalLoss(), ONE_CHANNEL, BINARY],
  ['clipped dice', nnunet.SoftDiceLoss({ applyNonlin: 'softmax', clipTp: 1 }), PREDICTION, LABELS],
  [
    'clipped dice of a batch',
    nnunet.DC_and_CE_loss({ softDiceKwargs: { batchDice: true, doBg: false, clipTp: 1.5 }, ignoreLabel: 255 }),
    PREDICTION,
    WITH_IGNORED,
  ],
  ['top k', nnunet.DC_and_topk_loss({ ceKwargs: { k: 40 } }), PREDICTION, LABELS],
  [
    'regions',
    nnunet.trainer({ dimensions: 2, regions: [[1, 2], [2], [1]], ignoreLabel: 255 }),
    PREDICTION,
    WITH_IGNORED,
  ],
  ['cross-entropy without reduction', torch.crossEntropy({ reduction: 'none', weight: [1, 2, 0] }), PREDICTION, LABELS],
]

for (const [title, criterion, prediction, target] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => {
    const { gradient, loss, values, valuesShape } = criterion.evaluate(prediction, target, { gradient: true })
    const total = values.reduce((sum, value) => sum + value, 0)
    t.true(Math.abs(total - loss) < 1e-12, 'the loss is the sum of what the library returns')
    t.is(
      values.length,
      valuesShape.reduce((product, extent) => product * extent, 1),
    )
    const step = 1e-6
    for (let i = 0; i < gradient.length; i += 1) {
      const at = (offset: number): number => {
        const moved = Float64Array.from(prediction.data)
        moved[i]! += offset
        return criterion.evaluate(tensor(moved, ...prediction.shape), target).loss
      }
      const slope = (at(step) - at(-step)) / (2 * step)
      t.true(Math.abs(slope - gradient[i]!) < 1e-7, `slope ${i} is ${gradient[i]} instead of ${slope}`)
    }
  })

  test(`gradients are scaled and accumulated: ${title}`, (t) => {
    const plain = criterion.evaluate(prediction, target, { gradient: true }).gradient
    const buffer = new Float64Array(plain.length).fill(1)
    criterion.evaluate(prediction, target, { gradient: buffer, gradientScale: -2, accumulate: true })
    for (const [i, slope] of plain.entries()) t.true(Math.abs(buffer[i]! - (1 - 2 * slope)) < 1e-12)
  })
}

test('a mask and weights are broadcast and multiplied', (t) => {
  const criterion = monai.MaskedDiceLoss({ ...hot, softmax: true })
  const mask = tensor(Int32Array.of(1, 0, 1, 1), 1, 1, 2, 2)
  const pixelWeights = tensor(Float64Array.of(2, 3), 2, 1, 1, 1)
  const { loss } = criterion.evaluate(PREDICTION, LABELS, { mask, pixelWeights })
  const product = tensor(Float64Array.of(2, 0, 2, 2, 3, 0, 3, 3), 2, 2, 2)
  t.is(loss, criterion.evaluate(PREDICTION, LABELS, { pixelWeights: product }).loss)
})

test('masked pixels change nothing', (t) => {
  const criterion = monai.MaskedDiceLoss({ ...hot, sigmoid: true })
  const mask = tensor(Int32Array.of(1, 0, 1, 1), 1, 1, 2, 2)
  const moved = Float64Array.from(PREDICTION.data, (z, i) => (i % 4 === 1 ? NaN : z))
  const { loss } = criterion.evaluate(PREDICTION, LABELS, { mask })
  t.is(criterion.evaluate(tensor(moved, ...PREDICTION.shape), LABELS, { mask }).loss, loss)
})

test('ignored pixels of planes: a class, none of the classes, a value of one channel', (t) => {
  const onehot = (labels: Int32Array, classes: number): Float64Array =>
    Float64Array.from({ length: (labels.length / 4) * classes * 4 }, (_, i) => {
      const [sample, c, pixel] = [Math.floor(i / (classes * 4)), Math.floor(i / 4) % classes, i % 4]
      return Number(labels[sample * 4 + pixel] === c)
    })
  const planes = (labels: Int32Array) => tensor(onehot(labels, 3), 2, 3, 2, 2)
  const loss = (ignoreIndex: number, target: Tensor, toOnehotY: boolean): number =>
    monai.DiceLoss({ softmax: true, toOnehotY, ignoreIndex }).evaluate(PREDICTION, target).loss
  t.is(loss(2, planes(LABEL_MAP), false), loss(2, LABELS, true))
  t.is(loss(255, planes(IGNORED_MAP), false), loss(255, WITH_IGNORED, true))
  const one = monai.DiceLoss({ ignoreIndex: 255 })
  const target = tensor(Int32Array.of(0, 1, 255, 0, 1, 1, 255, 0), 2, 1, 2, 2)
  const pixelWeights = tensor(Int32Array.of(1, 1, 0, 1, 1, 1, 0, 1), 2, 1, 2, 2)
  t.is(one.evaluate(ONE_CHANNEL, target).loss, monai.DiceLoss().evaluate(ONE_CHANNEL, target, { pixelWeights }).loss)
})

test('deep supervision is the weighted sum of its scales', (t) => {
  const loss = monai.DiceCELoss({ ...hot, softmax: true })
  const small = tensor(logits(2 * 3), 2, 3, 1, 1)
  const buffers = [new Float64Array(24), new Float64Array(6)] as const
  const deep = monai.DeepSupervisionLoss({ loss })
  const result = deep.evaluate([PREDICTION, small], LABELS, { gradient: buffers })
  // Pixel 0 of 1 comes from pixel ⌊½·2⌋ = 1 of 2, on both axes.
  const nearest = tensor(Int32Array.of(0, 2), 2, 1, 1, 1)
  const own = loss.evaluate(small, nearest, { gradient: true, gradientScale: 0.5 })
  t.is(result.loss, loss.evaluate(PREDICTION, LABELS).loss + 0.5 * own.loss)
  t.deepEqual(buffers[1], own.gradient)
  const single = deep.evaluate(PREDICTION, LABELS, { gradient: true, gradientScale: 2 })
  const plain = loss.evaluate(PREDICTION, LABELS, { gradient: true, gradientScale: 2 })
  t.deepEqual([single.loss, single.gradient], [plain.loss, plain.gradient])
})

test('deep supervision refuses what no scale may be given before it writes', (t) => {
  const deep = monai.DeepSupervisionLoss({ loss: monai.DiceCELoss({ ...hot, softmax: true }) })
  const small = tensor(logits(2 * 3), 2, 3, 1, 1)
  const memory = new Float64Array(30).fill(7)
  const [full, low] = [memory.subarray(0, 24), memory.subarray(24)]
  const outputs = [PREDICTION, small]
  const gradient = [full, low]
  const shared = { data: memory.subarray(0, 6), shape: small.shape }
  const refused: readonly (readonly [predictions: Tensor | Tensor[], target: Tensor, options: object, code: string])[] =
    [
      [outputs, LABELS, { gradient: [full, memory.subarray(18, 24)] }, 'OVERLAP'],
      [[PREDICTION, shared], LABELS, { gradient }, 'OVERLAP'],
      [outputs, tensor(memory.subarray(0, 8), 2, 1, 2, 2), { gradient }, 'OVERLAP'],
      [outputs, LABELS, { gradient: [full] }, 'OPTION_TYPE'],
      [outputs, LABELS, { gradient: [full, new Float32Array(6)] }, 'DTYPE'],
      [outputs, LABELS, { gradient: [full, memory.subarray(25)] }, 'SHAPE'],
      [outputs, LABELS, { gradient, gradientScale: NaN }, 'OPTION_VALUE'],
      [outputs, LABELS, { gradient, accumulate: 1 }, 'OPTION_TYPE'],
      [outputs, LABELS, { gradient, threads: 0 }, 'OPTION_VALUE'],
      [outputs, LABELS, { gradientScale: 2 }, 'OPTION_CONFLICT'],
      [[PREDICTION, tensor(logits(2 * 2), 2, 2, 1, 1)], LABELS, { gradient: true }, 'SHAPE'],
      [outputs, tensor(Int32Array.of(0, 1, 2), 2, 1, 2, 2), { gradient }, 'SHAPE'],
      [[], LABELS, {}, 'OPTION_TYPE'],
      [outputs, LABELS, { pixelWeights: LABELS }, 'OPTION_UNKNOWN'],
      [PREDICTION, LABELS, { pixelWeights: LABELS }, 'OPTION_UNKNOWN'],
      [PREDICTION, LABELS, { mask: LABELS }, 'OPTION_UNKNOWN'],
    ]
  for (const [predictions, target, options, code] of refused) {
    const error = thrown(() => deep.evaluate(predictions, target, options)) as Error & { code?: string }
    t.is(error.code, `ERR_MASKLOSS_${code}`, error.message)
    t.true(memory.every((value) => value === 7))
  }
})

test('deep supervision reads half precision as what it means', (t) => {
  const deep = monai.DeepSupervisionLoss({ loss: monai.DiceLoss({ sigmoid: true }) })
  const [one, two] = [0x3c00, 0x4000]
  const halves = (bits: readonly number[]) => ({ data: Uint16Array.from(bits), dims: [1, 1, 2, 2], type: 'float16' })
  const output = halves([one, two, 0, one])
  const target = halves([one, 0, one, 0])
  const plain = deep.evaluate(
    [tensor(Float64Array.of(1, 2, 0, 1), 1, 1, 2, 2)],
    tensor(Float64Array.of(1, 0, 1, 0), 1, 1, 2, 2),
  )
  t.is(deep.evaluate([output], target).loss, plain.loss)
})

test('one region a label is what planes say', (t) => {
  const planes = tensor(
    Float64Array.from({ length: 24 }, (_, i) => {
      const label = LABELS.data[Math.floor(i / 12) * 4 + (i % 4)]
      return Number(label === Math.floor(i / 4) % 3)
    }),
    2,
    3,
    2,
    2,
  )
  const byLabels = nnunet.trainer({ dimensions: 2, regions: [[0], [1], [2]] }).evaluate(PREDICTION, LABELS)
  t.is(byLabels.loss, nnunet.trainer({ dimensions: 2, regions: true }).evaluate(PREDICTION, planes).loss)
})

test('an ignored plane stands behind the regions', (t) => {
  const regions = Float64Array.from({ length: 24 }, (_, i) => Number(i % 5 === 0))
  const ignored = [0, 1, 0, 0]
  const target = Float64Array.of(...regions.subarray(0, 12), ...ignored, ...regions.subarray(12), ...ignored)
  const factors = { softDiceKwargs: { smooth: 1e-5 } }
  const loss = nnunet.DC_and_BCE_loss({ ...factors, useIgnoreLabel: true })
  const { loss: actual, terms } = loss.evaluate(PREDICTION, tensor(target, 2, 4, 2, 2))
  const mask = tensor(Int32Array.of(1, 0, 1, 1), 1, 1, 2, 2)
  const masked = nnunet.DC_and_BCE_loss(factors).evaluate(PREDICTION, tensor(regions, 2, 3, 2, 2), { mask })
  t.is(terms?.['dice'], masked.terms?.['dice'])
  // The mean over 2·3·4 elements becomes a sum over the regions and a mean over 6 pixels.
  t.true(Math.abs(actual - (terms!['dice']! + (masked.terms!['binaryCrossEntropy']! * 24) / 6)) < 1e-12)
})

for (const [name, face] of FACES) {
  test(`${name}: options are the library's, and no others`, (t) => {
    const message = (call: () => unknown): string => thrown(call).message
    t.regex(
      message(() => face.conventions.monai.DiceLoss(untyped({ smoothNR: 1 }))),
      /did you mean smoothNr/,
    )
    t.regex(
      message(() => face.conventions.monai.DiceLoss({ sigmoid: true, softmax: true })),
      /at most one/,
    )
    t.regex(
      message(() => face.conventions.monai.DiceLoss(untyped({ otherAct: Math.tanh }))),
      /'tanh'/,
    )
    t.regex(
      message(() => face.conventions.nnunet.SoftDiceLoss(untyped({ ddp: true }))),
      /leave ddp out/,
    )
    t.regex(
      message(() => face.conventions.nnunet.trainer(untyped({}))),
      /dimensions/,
    )
    t.regex(
      message(() => face.conventions.nnunet.DC_and_CE_loss(untyped({ softDiceKwargs: { smoth: 1 } }))),
      /did you mean smooth/,
    )
    const dice = face.conventions.monai.DiceLoss({ weight: [1, 2] })
    t.regex(
      message(() => dice.evaluate(PREDICTION, SOFT)),
      /one number a class \(3\)/,
    )
    t.regex(
      message(() => dice.evaluate(PREDICTION, LABELS)),
      /planes of shape/,
    )
  })
}

test('the mean of no labels is 0/0 in PyTorch', (t) => {
  const none = tensor(Int32Array.of(-100, 1, -100, 1), 1, 2, 2)
  const weightless = torch.crossEntropy({ weight: [1, 0, 1] })
  const prediction = tensor(logits(12), 1, 3, 2, 2)
  t.deepEqual(weightless.evaluate(prediction, none).loss, NaN)
  t.is(torch.crossEntropy({ weight: [1, 0, 1], reduction: 'sum' }).evaluate(prediction, none).loss, 0)
  t.true(Number.isFinite(torch.crossEntropy().evaluate(prediction, none).loss))
})

test('an error about labels names no option of ours', (t) => {
  const { message } = thrown(() => nnunet.DC_and_CE_loss().evaluate(PREDICTION, WITH_IGNORED))
  t.regex(message, /labels 0 to 2 for target but found 255 at sample 0, pixel \(1, 0\)/)
  t.notRegex(message, /ignoreIndex|maskValue/)
})
