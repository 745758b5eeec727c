import type { Conventions } from '../../src/index.ts'
import * as odyssey from './segloss.ts'
import { mean, nest, sigmoid, softmax, sum, type Planes } from './tensors.ts'
import {
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
  FOREGROUND,
  F,
  IGNORED_MAP,
  IGNORED,
  PROBABILITIES,
  type Row,
  soft,
  row,
  onePlane,
  BINARY,
  ONES,
} from './inputs.ts'

const focalMean = (p: Planes, ...rest: [number[], number, number]): number => mean(odyssey.focal(p, Y, ...rest))

/** SegLossOdyssey's losses with many options. */
export const seglossRows = ({ segloss }: Conventions): readonly Row[] => [
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
