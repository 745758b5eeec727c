/** What the losses of the library say to a network that has learned nothing, by the share of the foreground. */
import * as maskloss from 'maskloss'
import { tableOf } from './table.ts'
import { draw, legend, logit, picture, text, type Axis, type Curve } from './chart.ts'

type Criterion = Pick<maskloss.DiceLoss, 'evaluate'>

const softmax = { activation: 'softmax' } as const
const foreground = { ...softmax, includeBackground: false } as const

/** Overlap losses of the foreground alone. */
const FOREGROUND: Readonly<Record<string, Criterion>> = {
  DICEFG: new maskloss.DiceLoss(foreground),
  DICEFG_SQUARE: new maskloss.DiceLoss({ ...foreground, form: 'squared' }),
  Jaccard: new maskloss.JaccardLoss(foreground),
  'Jaccard metric': new maskloss.JaccardMetricLoss(foreground),
  'Tversky 0.3/0.7': new maskloss.TverskyLoss({ ...foreground, alpha: 0.3, beta: 0.7 }),
  'focal Tversky': new maskloss.FocalTverskyLoss({ ...foreground, alpha: 0.3, beta: 0.7 }),
  'F-beta similarity': new maskloss.AsymmetricSimilarityLoss(foreground),
  'log-Dice': new maskloss.LogDiceLoss(foreground),
}

/** Losses of both classes together. */
const BOTH: Readonly<Record<string, Criterion>> = {
  DICE: new maskloss.DiceLoss(softmax),
  DICE_SQUARE: new maskloss.DiceLoss({ ...softmax, form: 'squared' }),
  'generalized Dice': new maskloss.GeneralizedDiceLoss(softmax),
  'Wasserstein Dice': new maskloss.GeneralizedWassersteinDiceLoss({
    ...softmax,
    distances: [
      [0, 1],
      [1, 0],
    ],
  }),
  'Lovász softmax': new maskloss.LovaszSoftmaxLoss(softmax),
  'Matthews correlation': new maskloss.MatthewsCorrelationLoss(softmax),
  'sensitivity-specificity': new maskloss.SensitivitySpecificityLoss(softmax),
  'exponential-logarithmic': new maskloss.ExponentialLogarithmicLoss(softmax),
}

/** Losses of pixels, and sums of both kinds. */
const PIXELWISE: Readonly<Record<string, Criterion>> = {
  CCE: new maskloss.CrossEntropyLoss(softmax),
  'top 10 % of CCE': new maskloss.CrossEntropyLoss({ ...softmax, topPercent: 10 }),
  'focal, γ = 2': new maskloss.FocalLoss({ ...softmax, gamma: 2 }),
  'poly, ε = 1': new maskloss.PolyLoss({ ...softmax, epsilon: 1 }),
  'generalized CCE, q = 0.7': new maskloss.GeneralizedCrossEntropyLoss({ ...softmax, q: 0.7 }),
  'Dice + CCE': new maskloss.DiceCrossEntropyLoss(softmax),
  'Dice + focal': new maskloss.DiceFocalLoss(softmax),
  'asymmetric unified focal': new maskloss.AsymmetricUnifiedFocalLoss(softmax),
}

/** The losses of the library for softmax classes, as they stand by default; those of one sigmoid class alone are left out. */
export const CRITERIA: Readonly<Record<string, Criterion>> = { ...FOREGROUND, ...BOTH, ...PIXELWISE }

const PIXELS = 100_000

/** √V·‖∂L/∂z‖ of V pixels of which a share is foreground, all predicted alike: foreground with probability p. */
export function gradientNorm(criterion: Criterion, share: number, p: number): number {
  const labels = new Uint8Array(PIXELS).fill(1, 0, Math.round(share * PIXELS))
  const logits = new Float32Array(2 * PIXELS).fill(logit(p), PIXELS)
  const { gradient } = criterion.evaluate(logits, labels, { shape: [1, 2, 1, PIXELS], gradient: true })
  return Math.sqrt(PIXELS * gradient.reduce((sum, g) => sum + g * g, 0))
}

/** Shares in equal steps of their logit. */
const SHARES = Array.from({ length: 61 }, (_, i) => 1 / (1 + Math.exp(-logit(0.999) * (i / 30 - 1))))

const COLORS = [
  '#1f6fb4',
  '#d1495b',
  '#222222',
  '#f2a05f',
  '#2a9d5c',
  '#8f6bb3',
  '#c9a227',
  '#56a3c9',
  '#b0578d',
  '#6d6875',
]
const strokeOf = (i: number): Pick<Curve, 'color' | 'dash'> => ({
  color: COLORS[i]!,
  ...(i % 2 === 1 ? { dash: '6 2' } : {}),
})

/** What the network predicts, as a title, and for a share of the foreground. */
const STAGES: readonly [title: string, p: (share: number) => number][] = [
  ['before the first step: p = ½ everywhere', () => 0.5],
  ['only the share is learned: p = share everywhere', (share) => share],
]

/** Rows: kinds of losses; columns: stages. */
export function asymmetryFigure(): string {
  const [width, height, left, top] = [430, 250, 66, 92]
  const x: Axis = { from: 0.001, to: 0.999, ticks: [0.002, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.998], scale: logit }
  const y: Axis = { from: 1e-3, to: 100, ticks: [0.001, 0.01, 0.1, 1, 10, 100], scale: Math.log10 }
  const rows = [FOREGROUND, BOTH, PIXELWISE].flatMap((losses, row) => {
    const entries = Object.entries(losses)
    const names = entries.map(([name], i) => ({ name, ...strokeOf(i) }))
    const down = top + row * (height + 106)
    const half = Math.ceil(names.length / 2)
    return [
      legend(names.slice(0, half), left, down - 42),
      legend(names.slice(half), left, down - 26),
      ...STAGES.map(([title, p], column) =>
        draw({
          left: left + column * (width + 24),
          top: down,
          width,
          height,
          title,
          x: { ...x, label: 'share of the foreground' },
          y: column === 0 ? { ...y, label: '√V·‖∂L/∂z‖' } : { ...y, numbers: false },
          curves: entries.map(([, criterion], i) => ({
            x: SHARES,
            y: SHARES.map((share) => gradientNorm(criterion, share, p(share))),
            ...strokeOf(i),
          })),
        }),
      ),
    ]
  })
  const title = 'The gradient of each loss for the logits, when all pixels are predicted alike'
  return picture(left + 2 * width + 44, top + 3 * height + 2 * 106 + 40, [text(left, 22, title, { size: 15 }), ...rows])
}

/** The norms of the study's losses for the shares of the study, at both stages. */
export function asymmetryTable(): string {
  const names = ['CCE', 'DICE', 'DICEFG', 'DICE_SQUARE', 'DICEFG_SQUARE']
  return tableOf(
    ['stage', 'foreground', ...names],
    STAGES.flatMap(([title, p]) =>
      [0.05, 0.5, 0.95].map((share) => [
        title,
        `${100 * share} %`,
        ...names.map((name) => gradientNorm(CRITERIA[name]!, share, p(share)).toPrecision(2)),
      ]),
    ),
  )
}
