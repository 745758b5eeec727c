import type { Loss, Plan } from '../loss.ts'
import { SHARE, type OptionKind, type OptionValues, type Range } from '../options.ts'
import { parseWhole, wholeTable, type CriterionOptions } from './common.ts'
import { CATEGORICAL, type EntropyOptions } from './cross-entropy.ts'
import { parsePixel } from './pixel.ts'
import { parseRegion, REGION_DEFAULTS, REGION_TABLE, type RegionOptions } from './region.ts'

/**
 * Asymmetric unified focal loss: a focal loss that spares the foreground, and a focal-Tversky loss that enhances it,
 *
 *     loss = λ·focal + (1 − λ)·focalTversky
 *     focal         mean over pixels of −(1 − δ)·t_0·(1 − p_0)^γ·log p_0 − δ·Σ_{c>0} t_c·log p_c
 *     focalTversky  mean over cells of 1 − s_0 for class 0, (1 − s_c)^(1 − γ) for the others
 *                   s = (I + x) / (I + (1 − δ)·FP + δ·FN + x),   FP = P − I,  FN = G − I
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g, one cell a sample and class. For two classes this is the paper's loss; with more, every
 * class but class 0 is foreground. `terms` holds `focal` and `focalTversky`, each before its weight.
 *
 * Source: Yeung et al., "Unified focal loss: generalising Dice and cross entropy-based losses to handle class imbalanced medical
 * image segmentation" (2022).
 */
export interface AsymmetricUnifiedFocalLossOptions
  extends CriterionOptions<'softmax' | 'none'>, Pick<RegionOptions, 'smooth'>, Pick<EntropyOptions, 'clip'> {
  /** λ in [0, 1]: the share of the focal term. Default 0.5. */
  readonly lambda?: number | undefined
  /** δ in [0, 1]: the share of the foreground, and of false negatives. Default 0.7 (MONAI; the paper has 0.6). */
  readonly delta?: number | undefined
  /** γ in [0, 1): how much easy background is spared and hard foreground enhanced. Default 0.5. */
  readonly gamma?: number | undefined
}

const TABLE: Readonly<Record<Exclude<keyof AsymmetricUnifiedFocalLossOptions, keyof CriterionOptions>, OptionKind>> = {
  smooth: REGION_TABLE.smooth,
  clip: 'value',
  lambda: 'value',
  delta: 'value',
  gamma: 'value',
}
const GAMMA: Range = { min: 0, max: 1, below: true }

/** The definition behind `asymmetricUnifiedFocalLoss` and `AsymmetricUnifiedFocalLoss`. */
export const asymmetricUnifiedFocal: Loss<AsymmetricUnifiedFocalLossOptions, 'focal' | 'focalTversky'> = {
  name: 'asymmetricUnifiedFocalLoss',
  table: { ...wholeTable(false), ...TABLE } as Loss<AsymmetricUnifiedFocalLossOptions>['table'],
  parse: (options): Plan<'focal' | 'focalTversky'> => {
    const whole = parseWhole(
      options,
      CATEGORICAL,
      "pass two channels, background and foreground, with activation: 'softmax'",
    )
    const { lambda, delta, gamma } = parseShares(options)
    const positive = asymmetric(1 - delta, delta)
    const focal = parsePixel(options, whole, {
      function: 'focal',
      gamma: asymmetric(gamma, 0),
      gammaName: 'gamma',
      independent: false,
      weights: (classes) => ({ positive: positive(classes), negative: [] }),
      meanOver: 'valid-pixels',
    })
    const focalTversky = parseRegion(
      options,
      whole,
      { alpha: 1 - delta, beta: delta, transform: 'power', gamma: asymmetric(1, 1 - gamma) },
      { ...REGION_DEFAULTS, smoothScale: 'overlap' },
    )
    const parts = [
      { name: 'focal', weight: lambda, ...focal },
      { name: 'focalTversky', weight: 1 - lambda, ...focalTversky },
    ]
    return { ...whole, parts, terms: ['focal', 'focalTversky'] }
  },
}

function parseShares(options: OptionValues): { lambda: number; delta: number; gamma: number } {
  return {
    lambda: options.number('lambda', SHARE) ?? 0.5,
    delta: options.number('delta', SHARE) ?? 0.7,
    gamma: options.number('gamma', GAMMA) ?? 0.5,
  }
}

/** One number for class 0, another for every other class. */
function asymmetric(background: number, foreground: number): (classes: number) => readonly number[] {
  return (classes) => Array.from({ length: classes }, (_, c) => (c === 0 ? background : foreground))
}
