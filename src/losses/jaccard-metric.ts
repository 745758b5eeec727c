import type { Averaging, ScorePer } from '../engine.ts'
import type { Loss, Part, Plan } from '../loss.ts'
import { NON_NEGATIVE, OptionNames, POSITIVE, type OptionKind, type OptionValues } from '../options.ts'
import { ANY_ACTIVATION, parseWhole, wholeTable, type CriterionOptions, type LabelOptions } from './common.ts'
import { parseRegion, REGION_DEFAULTS, REGION_TABLE, type RegionOptions } from './region.ts'

/** How much each of the three means counts. */
export interface JaccardMetricAverages {
  /** Weight ≥ 0 of IoU^D: one score a class, the batch pooled. Default 0. */
  readonly data?: number | undefined
  /** Weight ≥ 0 of IoU^I: one score a sample and class, the mean of each sample first. Default 0. */
  readonly images?: number | undefined
  /** Weight ≥ 0 of IoU^C: one score a sample and class, the mean of each class first. Default 0. */
  readonly classes?: number | undefined
}

/** The options of a Jaccard metric loss. Its own defaults: `form: 'absolute'`, `smoothScale: 'overlap'`, `emptyClass: 'skip'`. */
export interface JaccardMetricOptions extends Omit<RegionOptions, 'scorePer' | 'averaging' | 'reduction'> {
  /** The means that are added up, each with its weight. Default `{ data: 1 }`. */
  readonly averages?: JaccardMetricAverages | undefined
  /** α ≥ 0: weight of false positives. Default 1. */
  readonly alpha?: number | undefined
  /** β ≥ 0: weight of false negatives. Default 1. ½ and ½ are the Dice semimetric loss. */
  readonly beta?: number | undefined
  /** γ > 0 of (1 − s)^γ, per cell. Default 1. */
  readonly gamma?: number | undefined
}

/**
 * Jaccard metric loss, fine-grained: up to three means of the same scores, per cell
 *
 *     ℓ = (1 − s)^γ,   s = (I + x) / (I + α·(P − I) + β·(G − I) + x),   I = (P + G − Σ m·|p − g|)/2
 *     loss = averages.data · mean over classes                       one score a class, the batch pooled
 *          + averages.images · mean over samples of means over classes
 *          + averages.classes · mean over classes of means over samples
 *
 * with P = Σ m·p, G = Σ m·g, smoothing x. The absolute form makes 1 − s a metric: it is 0 for p = g, soft or not. A
 * class without reference is left out of the means (`emptyClass: 'skip'`). `terms` holds the means that have a weight, each
 * before it; `values` are the cells of the first.
 *
 * Sources: Wang, Ning, Blaschko, "Jaccard metric losses: optimizing the Jaccard index with soft labels" (2023); Wang et al.,
 * "Dice semimetric losses" (2023); Wang et al., "Revisiting evaluation metrics for semantic segmentation" (2023), for the means.
 */
export interface JaccardMetricLossOptions extends CriterionOptions, LabelOptions, JaccardMetricOptions {}

interface Mean {
  readonly scorePer: ScorePer
  readonly averaging: Averaging
}

const MEANS: Readonly<Record<keyof JaccardMetricAverages, Mean>> = {
  data: { scorePer: 'class', averaging: 'cells' },
  images: { scorePer: 'sample-class', averaging: 'samples' },
  classes: { scorePer: 'sample-class', averaging: 'classes' },
}
const MEAN_NAMES = Object.keys(MEANS) as (keyof JaccardMetricAverages)[]
const AVERAGES = new OptionNames('averages', { data: 'value', images: 'value', classes: 'value' })

const { scorePer: _scorePer, averaging: _averaging, reduction: _reduction, ...SHARED } = REGION_TABLE
const TABLE: Readonly<Record<keyof JaccardMetricOptions, OptionKind>> = {
  ...SHARED,
  averages: AVERAGES,
  alpha: 'value',
  beta: 'value',
  gamma: 'value',
}

/** The definition behind `jaccardMetricLoss` and `JaccardMetricLoss`. */
export const jaccardMetric: Loss<JaccardMetricLossOptions, string> = {
  name: 'jaccardMetricLoss',
  table: { ...wholeTable(true), ...TABLE } as Loss<JaccardMetricLossOptions>['table'],
  parse: (options): Plan => {
    const whole = parseWhole(options, ANY_ACTIVATION, '')
    const formula = {
      alpha: options.number('alpha', NON_NEGATIVE) ?? 1,
      beta: options.number('beta', NON_NEGATIVE) ?? 1,
      transform: 'power',
      gamma: options.number('gamma', POSITIVE) ?? 1,
    } as const
    const defaults = { ...REGION_DEFAULTS, form: 'absolute', smoothScale: 'overlap', emptyClass: 'skip' } as const
    const parts = parseAverages(options).map(({ name, weight }): Part => ({
      name,
      weight,
      ...parseRegion(options, whole, formula, { ...defaults, ...MEANS[name] }),
    }))
    return { ...whole, parts, terms: parts.map(({ name }) => name) }
  },
}

/** The means that have a weight. */
function parseAverages(
  options: OptionValues,
): { readonly name: keyof JaccardMetricAverages; readonly weight: number }[] {
  if (!options.has('averages')) return [{ name: 'data', weight: 1 }]
  const averages = options.nested('averages', AVERAGES)
  const weighted = MEAN_NAMES.flatMap((name) => {
    const weight = averages.number(name, NON_NEGATIVE) ?? 0
    return weight === 0 ? [] : [{ name, weight }]
  })
  if (weighted.length > 0) return weighted
  throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'averages', 'some weight above 0', 'pass for example { images: 1 }')
}
