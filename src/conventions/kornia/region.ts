/** kornia's Dice and Tversky losses. */
import { channelsFirst, labelPlanes, labels, pixelWeights, type Grid, type Inputs } from '../arrange.ts'
import { convention, type Convention, type Job } from '../convention.ts'
import { perPixel, softmax } from '../path.ts'
import { number, requiredNumber, word } from '../reader.ts'
import { allZero, classIds, criterion, labelRegions, region } from '../terms.ts'
import { IGNORE, SOFTENING, WEIGHT, weightsOf, type KorniaOptions } from './common.ts'

/**
 * `dice_loss(pred, target, …)` of kornia 0.8: softmax of logits `[N, C, …]`, labels `[N, …]`, and per sample
 *
 *     'micro'   1 − 2·Σ_c w_c²·I_c/(Σ_c w_c·(P_c + G_c) + eps)
 *     'macro'   Σ_c w_c·(1 − 2·I_c/(P_c + G_c + eps))/Σ_c w_c
 *
 * and their mean over the samples. The target is 1 for a pixel's class and 1e-6 for the others, as in kornia. `'micro'` with weights
 * applies softmax and weights in TypeScript, in memory of their own. kornia takes two spatial axes, this any number.
 */
export interface DiceLossOptions extends KorniaOptions {
  /** Classes pooled, or one by one. Default `'micro'`. */
  readonly average?: 'micro' | 'macro' | undefined
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number | undefined
}

const DICE = { average: word(['micro', 'macro'], 'micro'), eps: number(1e-8), weight: WEIGHT, ignoreIndex: IGNORE }

function dice(name: string): Convention<DiceLossOptions> {
  return convention(name, DICE, ({ average, eps, weight, ignoreIndex }) => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const classWeights = weightsOf(weight, grid)
    const classes = classIds(grid.classes)
    const pools = average === 'micro'
    const term = region({ scorePer: pools ? 'sample' : 'sample-class', classes, smoothDenominator: eps })
    if (pools && classWeights !== undefined) {
      const spec = criterion({ classes: grid.classes, terms: [term] })
      return { jobs: [{ spec, ...weighted(inputs, grid, classWeights, ignoreIndex) }] }
    }
    const terms = [{ ...term, targetFloor: SOFTENING, classWeights, weightMode: 'mean' as const }]
    const regions = labelRegions(grid.classes)
    const spec = criterion({ activation: 'softmax', classes: grid.classes, ignoreIndex, regions, terms })
    return {
      jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
      undefinedTerm: !pools && allZero(classWeights) ? 0 : undefined,
    }
  })
}

/** {@inheritDoc DiceLossOptions} */
export const diceLoss: Convention<DiceLossOptions> = dice('kornia.diceLoss')
/** {@inheritDoc DiceLossOptions} */
export const DiceLoss: Convention<DiceLossOptions> = dice('kornia.DiceLoss')

/** Probabilities and softened one-hot planes, both times `w_c`: their overlap then weighs `w_c²`, their sizes `w_c`. */
function weighted(
  inputs: Inputs,
  grid: Grid,
  weights: readonly number[],
  ignoreIndex: number | undefined,
): Omit<Job, 'spec'> {
  const { classes, pixels } = grid
  const path = perPixel(
    softmax(grid.path, pixels, classes),
    pixels,
    classes,
    (p, values) => weights.forEach((weight, c) => (values[c] = weight * (p[c] as number))),
    (_, _values, slopes, result) => weights.forEach((weight, c) => (result[c] = weight * (slopes[c] as number))),
  )
  const { target } = labels(inputs.target, grid)
  const softened = (c: number, label: number): number => (weights[c] as number) * (c === label ? 1 : SOFTENING)
  const { planes, counts } = labelPlanes(target, grid, pixelWeights(inputs, grid), ignoreIndex, softened)
  return { grid: { ...grid, path }, target: planes, perClass: true, pixelWeights: counts }
}

/**
 * `tversky_loss(pred, target, alpha, beta, …)` of kornia 0.8: softmax of logits `[N, C, …]`, labels `[N, …]`, and per sample, all
 * classes pooled,
 *
 *     1 − I/(I + alpha·FP + beta·FN + eps)
 *
 * and their mean over the samples. With all classes pooled FP and FN are the same number, so that only `alpha + beta` matters.
 */
export interface TverskyLossOptions extends Pick<KorniaOptions, 'ignoreIndex'> {
  /** Weight of false positives. Required. */
  readonly alpha: number
  /** Weight of false negatives. Required. */
  readonly beta: number
  /** Added to the denominator. Default 1e-8. */
  readonly eps?: number | undefined
}

const TVERSKY = { alpha: requiredNumber(), beta: requiredNumber(), eps: number(1e-8), ignoreIndex: IGNORE }

function tversky(name: string): Convention<TverskyLossOptions> {
  return convention(name, TVERSKY, ({ alpha, beta, eps, ignoreIndex }) => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const { classes } = grid
    const sizes = { scale: 1, alpha, beta, smoothDenominator: eps } as const
    const term = region({ scorePer: 'sample', classes: classIds(classes), ...sizes })
    const spec = criterion({
      activation: 'softmax',
      classes,
      ignoreIndex,
      regions: labelRegions(classes),
      terms: [term],
    })
    return { jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }] }
  })
}

/** {@inheritDoc TverskyLossOptions} */
export const tverskyLoss: Convention<TverskyLossOptions> = tversky('kornia.tverskyLoss')
/** {@inheritDoc TverskyLossOptions} */
export const TverskyLoss: Convention<TverskyLossOptions> = tversky('kornia.TverskyLoss')
