import type { Conventions } from '../../src/index.ts'
import { untyped } from '../faces.ts'
import * as field from './field.ts'
import { mean, nest, nestLast, oneHot, sigmoid, softmax, type Planes } from './tensors.ts'
import {
  wave,
  tensor,
  SHAPE,
  LABEL_MAP,
  Y,
  G,
  ONE_HOT,
  SOFT,
  S,
  MASK,
  KEEP,
  ONE_CHANNEL,
  F,
  IGNORED_MAP,
  IGNORED,
  NOT_IGNORED,
  LAST,
  PROBABILITIES,
  type Row,
  type Tensor,
  soft,
  row,
  onePlane,
  BINARY,
} from './inputs.ts'

/** pytorch-3dunet. */
export const pytorch3dunetRows = ({ pytorch3dunet }: Conventions): readonly Row[] => [
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

const MEANS = { mIoUD: 0.5, mIoUI: 0.25, mIoUC: 2 } as const

/** Options with labels, of which the classes that occur count. */
const OF_LABELS: readonly (readonly [title: string, options: field.Jdt])[] = [
  ['of the data', {}],
  ['as Dice', { alpha: 0.5, beta: 0.5 }],
  ['of images', { mIoUD: 0, mIoUI: 1 }],
  ['of classes', { mIoUD: 0, mIoUC: 1 }],
  ['of all three', { ...MEANS, classWeights: [1, 2, 0.5] }],
  ['of squares', { ...MEANS, norm: 2, smooth: 1 }],
  ['focal', { ...MEANS, gamma: 2 }],
  ['with a logarithm', { ...MEANS, logLoss: true }],
  ['focal with a logarithm', { ...MEANS, logLoss: true, gamma: 1.5, alpha: 0.3, beta: 0.7 }],
  ['of nothing', { mIoUD: 0 }],
]

/** JDTLosses. */
export const jdtRows = ({ jdt }: Conventions): readonly Row[] => [
  ...OF_LABELS.map(([title, options]) =>
    row(
      `JDTLoss ${title}`,
      jdt.JDTLoss(untyped(options)),
      soft((p) => field.jdt(p, G, 'PRESENT', options)),
      { target: tensor(LABEL_MAP, 2, 2, 3) },
    ),
  ),
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
  row('JDTLoss of labels, none of which is above the threshold', jdt.JDTLoss({ ...MEANS, threshold: 1 }), () => 0),
  row(
    'JDTLoss of all classes, whatever the threshold',
    jdt.JDTLoss({ ...MEANS, threshold: 1, activeClassesModeHard: 'ALL' }),
    soft((p) => field.jdt(p, G, 'ALL', MEANS)),
  ),
  ...[0.1, 0.42, 0.45, 0.9, 1].map((threshold) =>
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

/** Labels with the classes' axis last. */
const classesLast = (prediction: Tensor): Partial<Row> => ({ prediction, target: tensor(LABEL_MAP, 2, 2, 3, 1) })

/** V-Net. */
export const vnetRows = ({ vnet }: Conventions): readonly Row[] => [
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
]

/** The founding article. */
export const seedRows = ({ seed }: Conventions): readonly Row[] => [
  row('CCE', seed.cce(), last(field.cce), classesLast(NUMBERS)),
  row(
    'CCE from logits',
    seed.cce({ fromLogits: true }),
    last((z, g) => field.cce(softmax(z), g)),
    classesLast(STEEP),
  ),
  ...(['dice', 'diceSquare', 'dicefg', 'dicefgSquare'] as const).flatMap((name) => {
    const [power, first] = [name.endsWith('Square') ? 2 : 1, name.startsWith('dicefg') ? 1 : 0]
    return [
      row(
        `${name} from logits`,
        seed[name]({ fromLogits: true }),
        last((z, g) => field.articleDice(softmax(z), g, power, first)),
        classesLast(LAST),
      ),
      row(
        name,
        seed[name](),
        last((p, g) => field.articleDice(p, g, power, first)),
        classesLast(NUMBERS),
      ),
    ]
  }),
]
