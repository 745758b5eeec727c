import type { LovaszTerm, ScorePer } from '../engine.ts'
import type { Loss, LossTerm, TermPlan, Whole } from '../loss.ts'
import type { OptionKind, OptionValues } from '../options.ts'
import { parseAveraging, SCORES_PER, type CellOptions } from './cells.ts'
import { CLASS_TABLE, parseClasses, type ClassOptions } from './classes.ts'
import { lossOf, REDUCTIONS, type CriterionOptions, type LabelOptions } from './common.ts'
import { CATEGORICAL } from './cross-entropy.ts'

/** The options of both Lovász losses. Errors are sorted, so pixels cannot weigh: `pixelWeights` are refused. */
export interface LovaszOptions extends ClassOptions, Pick<CellOptions, 'averaging' | 'reduction'> {
  /**
   * What is sorted together: `'sample-class'` each class of each sample; `'class'` each class of the batch; `'sample'` all
   * classes of a sample; `'batch'` everything. Default `'sample-class'`.
   */
  readonly scorePer?: ScorePer | undefined
  /**
   * What a cell without any reference counts as: `'skip'` left out; `'smooth'` what the formula gives, its largest error.
   * Default `'skip'` for softmax, where most classes are absent from most samples, `'smooth'` for hinge.
   */
  readonly emptyClass?: 'skip' | 'smooth' | undefined
}

/**
 * Lovász-softmax loss: the Lovász extension of the Jaccard loss, per cell
 *
 *     ℓ = Σ_i e_i·(J_i − J_{i−1}),   e = |g − p| sorted descending
 *     J_i = 1 − (G − Σ_{j≤i} g_j) / (G + Σ_{j≤i} (1 − g_j)),   J_0 = 0
 *
 * J_i is the Jaccard loss if the i worst pixels were wrong. Equal errors keep the order of their pixels. The gradient is
 * (J_i − J_{i−1})·sign(p − g). The published code pools the batch and leaves absent classes out: `scorePer: 'class'`.
 *
 * Source: Berman, Rannen Triki, Blaschko, "The Lovász-softmax loss: a tractable surrogate for the optimization of the
 * intersection-over-union measure in neural networks" (2018).
 */
export interface LovaszSoftmaxLossOptions extends CriterionOptions<'softmax' | 'none'>, LovaszOptions {}

/**
 * Lovász hinge loss: the Lovász extension of the Jaccard loss of hinge errors of logits, per cell
 *
 *     ℓ = Σ_i e_i·(J_i − J_{i−1}),   e = max(0, 1 − z·(2g − 1)) sorted descending
 *     J_i = 1 − (G − Σ_{j≤i} g_j) / (G + Σ_{j≤i} (1 − g_j)),   J_0 = 0
 *
 * It takes logits (activation `'sigmoid'`), of one foreground class or of classes that may overlap, and needs no probability. The
 * gradient is −(2g − 1)·(J_i − J_{i−1}) where the error is positive, else 0.
 *
 * Source: Berman, Rannen Triki, Blaschko, "The Lovász-softmax loss: a tractable surrogate for the optimization of the
 * intersection-over-union measure in neural networks" (2018); Yu, Blaschko, "The Lovász hinge" (2015).
 */
export interface LovaszHingeLossOptions extends CriterionOptions<'sigmoid'>, LabelOptions, LovaszOptions {}

const TABLE: Readonly<Record<keyof LovaszOptions, OptionKind>> = {
  ...CLASS_TABLE,
  scorePer: 'value',
  emptyClass: 'value',
  averaging: 'value',
  reduction: 'value',
}
const EMPTY_CLASSES: readonly LovaszTerm['emptyClass'][] = ['skip', 'smooth']

function parseLovasz(
  options: OptionValues,
  whole: Whole,
  form: LovaszTerm['form'],
  absent: LovaszTerm['emptyClass'],
): TermPlan {
  const scorePer = options.oneOf('scorePer', SCORES_PER) ?? 'sample-class'
  const classes = parseClasses(options, whole)
  const emptyClass = options.oneOf('emptyClass', EMPTY_CLASSES) ?? absent
  const reduction = options.oneOf('reduction', REDUCTIONS) ?? 'mean'
  const averaging = parseAveraging(options, scorePer, reduction)
  return {
    reduction,
    weighsPixels: false,
    bind: (count) => ({ kind: 'lovasz', form, scorePer, classes: classes(count), emptyClass, averaging, reduction }),
  }
}

const LOVASZ_SOFTMAX: LossTerm<LovaszOptions> = {
  name: 'lovaszSoftmax',
  table: TABLE,
  activations: CATEGORICAL,
  instead: 'use lovaszHingeLoss for independent classes',
  overlaps: false,
  parse: (options, whole) => parseLovasz(options, whole, 'softmax', 'skip'),
}

const LOVASZ_HINGE: LossTerm<LovaszOptions> = {
  name: 'lovaszHinge',
  table: TABLE,
  activations: ['sigmoid'],
  instead: 'use lovaszSoftmaxLoss for classes that exclude each other',
  overlaps: true,
  parse: (options, whole) => parseLovasz(options, whole, 'hinge', 'smooth'),
}

/** The definition behind `lovaszSoftmaxLoss` and `LovaszSoftmaxLoss`. */
export const lovaszSoftmax: Loss<LovaszSoftmaxLossOptions> = lossOf<LovaszSoftmaxLossOptions>(LOVASZ_SOFTMAX)

/** The definition behind `lovaszHingeLoss` and `LovaszHingeLoss`. */
export const lovaszHinge: Loss<LovaszHingeLossOptions> = lossOf<LovaszHingeLossOptions>(LOVASZ_HINGE)
