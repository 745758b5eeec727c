import type { VolumeWeights } from '../engine.ts'
import type { Loss, LossTerm } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind, type OptionValues } from '../options.ts'
import { ANY_ACTIVATION, lossOf } from './common.ts'
import {
  parseRegion,
  parseTransform,
  REGION_DEFAULTS,
  REGION_TABLE,
  TRANSFORM_TABLE,
  type RegionFormula,
  type RegionLossOptions,
  type RegionOptions,
  type TransformOptions,
} from './region.ts'

/** How the generalized Dice loss weighs its classes. Its own defaults: `scorePer: 'sample'`, `weightMode: 'inside'`. */
export interface GeneralizedDiceOptions extends RegionOptions, TransformOptions {
  /** w = 1/G² (`'square'`), 1/G (`'simple'`) or 1 (`'uniform'`), G the class's reference. Default `'square'`. */
  readonly weighting?: 'square' | 'simple' | 'uniform' | undefined
  /**
   * What a class without reference weighs, whose 1/G is infinite: `'largest'` as much as the heaviest class that has some, in
   * the same score (0 where none has); `'zero'` nothing; `'formula'` what `volumeOffset` and `volumeFloor` give. Default
   * `'largest'`.
   */
  readonly absentClass?: VolumeWeights['absent'] | undefined
  /** Added to the power of G; ≥ 0. Default 0. */
  readonly volumeOffset?: number | undefined
  /** Lower bound ≥ 0 of that sum. Default 0. */
  readonly volumeFloor?: number | undefined
  /** k ≥ 0: the loss becomes ℓ/(1 + k·(1 − ℓ)), which is smaller where ℓ is. The paper has 2.5. Default: none. */
  readonly penalty?: number | undefined
}

/**
 * Generalized Dice loss: one ratio over the classes, each weighted by the size of its reference, per sample (or batch)
 *
 *     ℓ = 1 − (2·Σ_c w_c·I_c + s) / (Σ_c w_c·(P_c + G_c) + s),   w_c = 1/max(G_c^k + offset, floor)
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g, and k = 2 (`weighting: 'square'`) or 1 (`'simple'`). The weights depend on the
 * reference alone, so no gradient goes through them. `classWeights` multiply them. With
 * `scorePer: 'sample-class'` or `'class'` and `weightMode: 'mean'` the same weights weigh the Dice losses of the classes.
 *
 * Sources: Crum, Camara, Hill, "Generalized overlap measures for evaluation and validation in medical image analysis" (2006);
 * Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations" (2017);
 * `penalty`: Yang, Kweon, Kim, "Major vessel segmentation on X-ray coronary angiography using deep networks with a novel
 * penalty loss function" (2019).
 */
export interface GeneralizedDiceLossOptions extends RegionLossOptions, GeneralizedDiceOptions {}

const TABLE: Readonly<Record<keyof GeneralizedDiceOptions, OptionKind>> = {
  ...REGION_TABLE,
  ...TRANSFORM_TABLE,
  weighting: 'value',
  absentClass: 'value',
  volumeOffset: 'value',
  volumeFloor: 'value',
  penalty: 'value',
}

const WEIGHTINGS = ['square', 'simple', 'uniform'] as const
const ABSENT_CLASSES: readonly VolumeWeights['absent'][] = ['formula', 'largest', 'zero']

/** Generalized Dice, alone and in compounds. */
export const GENERALIZED_DICE: LossTerm<GeneralizedDiceOptions> = {
  name: 'generalizedDice',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) => {
    const formula = { alpha: 0.5, beta: 0.5, ...parsePenalty(options), volumeWeights: parseVolumeWeights(options) }
    const defaults = { ...REGION_DEFAULTS, scorePer: 'sample', weightMode: 'inside', weighted: true } as const
    return parseRegion(options, whole, formula, defaults)
  },
}

/** The definition behind `generalizedDiceLoss` and `GeneralizedDiceLoss`. */
export const generalizedDice: Loss<GeneralizedDiceLossOptions> = lossOf<GeneralizedDiceLossOptions>(GENERALIZED_DICE)

function parsePenalty(options: OptionValues): Pick<RegionFormula, 'transform' | 'gamma'> {
  const transform = parseTransform(options)
  const penalty = options.number('penalty', NON_NEGATIVE)
  if (penalty === undefined) return { transform }
  if (transform === 'one-minus') return { transform: 'penalty', gamma: penalty }
  throw options.conflict('penalty', "transform 'one-minus'", `'${transform}'`, 'pass either transform or penalty')
}

function parseVolumeWeights(options: OptionValues): VolumeWeights | undefined {
  const weighting = options.oneOf('weighting', WEIGHTINGS) ?? 'square'
  const absent = options.oneOf('absentClass', ABSENT_CLASSES)
  const offset = options.number('volumeOffset', NON_NEGATIVE)
  const floor = options.number('volumeFloor', NON_NEGATIVE)
  if (weighting === 'uniform') {
    const given = (['absentClass', 'volumeOffset', 'volumeFloor'] as const).find((name) => options.has(name))
    if (given === undefined) return undefined
    throw options.conflict(given, "weighting 'square' or 'simple'", "'uniform'", 'every class weighs 1: leave it out')
  }
  if (absent === 'formula' && !((offset ?? 0) > 0 || (floor ?? 0) > 0)) {
    const remedy = 'without one the weight of an absent class is infinite'
    throw options.conflict('absentClass', "volumeOffset or volumeFloor beside 'formula'", 'neither', remedy)
  }
  return {
    volumes: 'score',
    power: weighting === 'square' ? 2 : 1,
    offset: offset ?? 0,
    floor: floor ?? 0,
    absent: absent ?? 'largest',
  }
}
