/** kornia's Lovász losses. */
import { masklossError } from '../../errors.ts'
import { channelsFirst, labels, pixelWeights, type Grid } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { classIds, criterion, lovasz as lovaszTerm } from '../terms.ts'
import { WEIGHT, weightsOf, type KorniaOptions } from './common.ts'

/**
 * `lovasz_hinge_loss(pred, target)` of kornia 0.8: the Lovász extension of the Jaccard loss of hinge errors `max(0, 1 − z·(2t − 1))`, logits
 * `[N, 1, …]`, labels 0 and 1 `[N, …]`, per sample, and the mean over the samples. Source: Berman et al. (2018). It has no options.
 */
export type LovaszHingeLossOptions = Readonly<Record<string, never>>

function hinge(name: string): Convention<LovaszHingeLossOptions> {
  return convention(name, {}, () => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    if (grid.classes !== 1) throw wrongClasses(grid, 'one class, [N, 1, …]', 'lovaszSoftmaxLoss takes several classes')
    const term = lovaszTerm({ form: 'hinge', scorePer: 'sample-class', classes: [0], emptyClass: 'smooth' })
    const spec = criterion({ activation: 'sigmoid', classes: 1, terms: [term] })
    return { jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }] }
  })
}

/** {@inheritDoc LovaszHingeLossOptions} */
export const lovaszHingeLoss: Convention<LovaszHingeLossOptions> = hinge('kornia.lovaszHingeLoss')
/** {@inheritDoc LovaszHingeLossOptions} */
export const LovaszHingeLoss: Convention<LovaszHingeLossOptions> = hinge('kornia.LovaszHingeLoss')

/**
 * `lovasz_softmax_loss(pred, target, weight)`, softmax of logits `[N, C, …]` and labels `[N, …]`: the Lovász extension of the
 * Jaccard loss of errors `|t_c − p_c|` per sample and class (Berman et al. 2018), `w_c` times it, and the mean over samples and all C classes.
 *
 * The numbers differ from kornia 0.8, which sorts the map of class indices by the errors of each class instead of the
 * class's own foreground, so that they depend on how classes are numbered. They agree where all pixels of a sample are alike.
 */
export type LovaszSoftmaxLossOptions = Pick<KorniaOptions, 'weight'>

function softmax(name: string): Convention<LovaszSoftmaxLossOptions> {
  return convention(name, { weight: WEIGHT }, ({ weight }) => (inputs) => {
    const grid = channelsFirst(inputs.prediction)
    const { classes } = grid
    if (classes === 1) throw wrongClasses(grid, 'two or more classes', 'lovaszHingeLoss takes one class')
    const weights = weightsOf(weight, grid)
    const term = lovaszTerm({
      form: 'softmax',
      scorePer: 'sample-class',
      classes: classIds(classes),
      emptyClass: 'smooth',
    })
    const terms =
      weights === undefined ? [term] : weights.map((w, c) => ({ ...term, weight: w / classes, classes: [c] }))
    const spec = criterion({ activation: 'softmax', classes, terms })
    return { jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }] }
  })
}

/** {@inheritDoc LovaszSoftmaxLossOptions} */
export const lovaszSoftmaxLoss: Convention<LovaszSoftmaxLossOptions> = softmax('kornia.lovaszSoftmaxLoss')
/** {@inheritDoc LovaszSoftmaxLossOptions} */
export const LovaszSoftmaxLoss: Convention<LovaszSoftmaxLossOptions> = softmax('kornia.LovaszSoftmaxLoss')

/** The error for a prediction with a number of classes the loss does not take. To be thrown. */
function wrongClasses({ classes }: Grid, expected: string, remedy: string): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'prediction',
    expected,
    actual: `${classes}`,
    remedy,
  })
}
