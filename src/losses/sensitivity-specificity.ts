import type { Loss, LossTerm } from '../loss.ts'
import { NON_NEGATIVE, SHARE, type OptionKind } from '../options.ts'
import { CELL_DEFAULTS, CELL_TABLE, parseCells, type CellOptions } from './cells.ts'
import { ANY_ACTIVATION, lossOf, type CriterionOptions, type LabelOptions } from './common.ts'

/** The options of a sensitivity-specificity loss. */
export interface SensitivitySpecificityOptions extends CellOptions {
  /** r in [0, 1]: the share of the errors inside the reference (sensitivity). Default 0.05, the paper's. */
  readonly sensitivityRatio?: number | undefined
  /** s ≥ 0, added to both denominators. Keeps an empty or full cell defined. Default 1e-5. */
  readonly smooth?: number | undefined
}

/**
 * Sensitivity-specificity loss, per cell
 *
 *     ℓ = r·Σ m·(g − p)²·g / (Σ m·g + s) + (1 − r)·Σ m·(g − p)²·(1 − g) / (Σ m·(1 − g) + s)
 *
 * the mean squared error inside the reference and that outside it, each over its own pixels.
 *
 * Source: Brosch et al., "Deep convolutional encoder networks for multiple sclerosis lesion segmentation" (2015).
 */
export interface SensitivitySpecificityLossOptions
  extends CriterionOptions, LabelOptions, SensitivitySpecificityOptions {}

const TABLE: Readonly<Record<keyof SensitivitySpecificityOptions, OptionKind>> = {
  ...CELL_TABLE,
  sensitivityRatio: 'value',
  smooth: 'value',
}
const DEFAULT_RATIO = 0.05
const DEFAULT_SMOOTH = 1e-5

const SENSITIVITY_SPECIFICITY: LossTerm<SensitivitySpecificityOptions> = {
  name: 'sensitivitySpecificity',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) => {
    const share = options.number('sensitivityRatio', SHARE) ?? DEFAULT_RATIO
    const smooth = options.number('smooth', NON_NEGATIVE) ?? DEFAULT_SMOOTH
    const cells = parseCells(options, whole, CELL_DEFAULTS)
    return {
      reduction: cells.reduction,
      weighsPixels: true,
      bind: (count) => ({ kind: 'sensitivity-specificity', ...cells.bind(count), share, smooth }),
    }
  },
}

/** The definition behind `sensitivitySpecificityLoss` and `SensitivitySpecificityLoss`. */
export const sensitivitySpecificity: Loss<SensitivitySpecificityLossOptions> =
  lossOf<SensitivitySpecificityLossOptions>(SENSITIVITY_SPECIFICITY)
