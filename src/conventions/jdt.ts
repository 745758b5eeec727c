/** JDTLosses: `losses.jdt_loss`. Logits `[N, C, …]`, targets labels `[N, …]` or soft planes `[N, C, …]`. */
import type { FloatArray, RegionTerm } from '../engine.ts'
import { INTEGER, NON_NEGATIVE, type Range } from '../options.ts'
import { channelsFirst, holdsLabels, labels, oneAClass, pixelWeights, planes, type Grid } from './arrange.ts'
import { convention, type Convention, type Job } from './convention.ts'
import { flag, number, numbers, orNull, word, type Read } from './reader.ts'
import { classIds, criterion, region } from './terms.ts'

/**
 * `JDTLoss` of JDTLosses, behind a softmax: `mIoUD·D + mIoUI·I + mIoUC·C`, means of `1 − t` over the active cells,
 *
 *     t = (TP + s)/(TP + α·FP + β·FN + s),   TP = (P + G − D)/2, FP = P − TP, FN = G − TP
 *
 * of the classes of the batch (D, as over a data set); of the classes of each sample, then of the samples (I); of the samples of each
 * class, then of the classes (C). With norm 1 `P = Σ p, G = Σ g, D = Σ|p − g|`, so that a perfect soft prediction reaches loss 0; with
 * norm 2 their squares. Its `keep_mask` is the call option `mask`.
 *
 * A label that is no class counts as the nearest class in the library; here it is refused, unless it is ignored.
 *
 * Sources: Wang et al., "Jaccard metric losses: optimizing the Jaccard index with soft labels" (2023); "Dice semimetric losses" (2023);
 * "Revisiting evaluation metrics for semantic segmentation" (2023).
 */
export interface JDTLossOptions {
  /** Weight ≥ 0 of D. Default 1. */
  readonly mIoUD?: number | undefined
  /** Weight ≥ 0 of I. Default 0. */
  readonly mIoUI?: number | undefined
  /** Weight ≥ 0 of C. Default 0. */
  readonly mIoUC?: number | undefined
  /** α ≥ 0, weight of false positives: 1 Jaccard, ½ Dice. Default 1. */
  readonly alpha?: number | undefined
  /** β ≥ 0, weight of false negatives. Default 1. */
  readonly beta?: number | undefined
  /** γ ≥ 1: the loss of every cell to this power. Default 1. */
  readonly gamma?: number | undefined
  /** s ≥ 0. Default 1e-3. */
  readonly smooth?: number | undefined
  /** ≥ 0: a class is present where a target is above this; a label is 1. Default 0.01. */
  readonly threshold?: number | undefined
  /** 1 or 2; the library's higher norms are refused. Default 1. */
  readonly norm?: 1 | 2 | undefined
  /** `−log t` in the place of `1 − t`. Default `false`. */
  readonly logLoss?: boolean | undefined
  /** Label of pixels that do not count; nothing for soft targets, and with `mask`, as in the library. Default `null`: none. */
  readonly ignoreIndex?: number | null | undefined
  /** One number ≥ 0 a class, which multiplies its losses; the means are not divided by it. Default `null`: 1. */
  readonly classWeights?: ArrayLike<number> | null | undefined
  /** The active cells of labels: those whose class is present, or all. Default `'PRESENT'`. */
  readonly activeClassesModeHard?: 'PRESENT' | 'ALL' | undefined
  /** The active cells of soft targets. Default `'ALL'`. */
  readonly activeClassesModeSoft?: 'PRESENT' | 'ALL' | undefined
}

const MODES = ['PRESENT', 'ALL'] as const
const NORM: Range = { integer: true, min: 1, max: 2 }
const POWER: Range = { min: 1 }

const TABLE = {
  mIoUD: number(1, NON_NEGATIVE),
  mIoUI: number(0, NON_NEGATIVE),
  mIoUC: number(0, NON_NEGATIVE),
  alpha: number(1, NON_NEGATIVE),
  beta: number(1, NON_NEGATIVE),
  gamma: number(1, POWER),
  smooth: number(1e-3, NON_NEGATIVE),
  threshold: number(0.01, NON_NEGATIVE),
  norm: number(1, NORM),
  logLoss: flag(false),
  ignoreIndex: orNull(number(0, INTEGER)),
  classWeights: orNull(numbers(NON_NEGATIVE)),
  activeClassesModeHard: word(MODES, 'PRESENT'),
  activeClassesModeSoft: word(MODES, 'ALL'),
}

/** The three means: which cells there are, and in which order they are averaged. */
const MEANS = [
  { name: 'mIoUD', scorePer: 'class', averaging: 'cells' },
  { name: 'mIoUI', scorePer: 'sample-class', averaging: 'samples' },
  { name: 'mIoUC', scorePer: 'sample-class', averaging: 'classes' },
] as const
type Mean = (typeof MEANS)[number]

function termOf(mean: Mean, options: Read<typeof TABLE>, mode: 'PRESENT' | 'ALL', classes: number): RegionTerm {
  const { alpha, beta, gamma, smooth, norm, logLoss, classWeights } = options
  return region({
    weight: options[mean.name],
    scorePer: mean.scorePer,
    averaging: mean.averaging,
    classes: classIds(classes),
    form: norm === 1 ? 'absolute' : 'squared',
    transform: logLoss ? 'log-power' : 'power',
    gamma,
    scale: 1,
    alpha,
    beta,
    smoothNumerator: smooth,
    smoothDenominator: smooth,
    classWeights: classWeights === undefined ? undefined : oneAClass(classWeights, classes, 'classWeights'),
    emptyClass: mode === 'PRESENT' ? 'skip' : 'smooth',
  })
}

/** {@inheritDoc JDTLossOptions} */
export const JDTLoss: Convention<JDTLossOptions> = convention('jdt.JDTLoss', TABLE, (options) => {
  const weighed = MEANS.filter(({ name }) => options[name] > 0)
  const means = weighed.length > 0 ? weighed : MEANS.slice(0, 1)
  return (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const { classes } = grid
    const hard = holdsLabels(inputs.target, grid)
    const mode = hard ? options.activeClassesModeHard : options.activeClassesModeSoft
    const ignoreIndex = hard && inputs.mask === undefined ? options.ignoreIndex : undefined
    const target = hard ? labels(inputs.target, grid) : planes(inputs.target, grid)
    // A label is 1 in the plane of its class, which no threshold of 1 lets pass.
    const none = hard && mode === 'PRESENT' && options.threshold >= 1
    const weights = none ? new Float64Array(grid.samples * grid.pixels) : pixelWeights(inputs, grid)
    const jobOf = (some: readonly Mean[]): Job => {
      const terms = some.map((mean) => termOf(mean, options, mode, classes))
      const names = means.length > 1 ? some.map(({ name }) => [name, 1] as const) : undefined
      const spec = criterion({ activation: 'softmax', classes, ignoreIndex, terms })
      return { spec, grid, ...target, pixelWeights: weights, names }
    }
    if (hard || mode === 'ALL') return { jobs: [jobOf(means)] }
    return {
      jobs: means.map((mean) => ({
        ...jobOf([mean]),
        target: present(target.target as FloatArray, grid, weights, options.threshold, mean.scorePer === 'class'),
      })),
    }
  }
})

/**
 * Planes with 0 in every cell that has no pixel above the threshold, so that an engine finds it empty: a copy.
 * @param pooled - A cell is a class of the batch, not of a sample.
 */
function present(
  planes: FloatArray,
  { samples, classes, pixels }: Grid,
  weights: FloatArray | undefined,
  threshold: number,
  pooled: boolean,
): Float64Array {
  const cellOf = (plane: number): number => (pooled ? plane % classes : plane)
  const active = new Uint8Array(samples * classes)
  planes.forEach((value, index) => {
    const plane = Math.floor(index / pixels)
    const pixel = Math.floor(plane / classes) * pixels + (index % pixels)
    if (value > threshold && weights?.[pixel] !== 0) active[cellOf(plane)] = 1
  })
  return Float64Array.from(planes, (value, index) => (active[cellOf(Math.floor(index / pixels))] === 1 ? value : 0))
}
