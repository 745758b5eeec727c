import type { Loss, LossTerm } from '../loss.ts'
import { NON_NEGATIVE, type OptionKind } from '../options.ts'
import { CELL_DEFAULTS, CELL_TABLE, parseCells, type CellOptions } from './cells.ts'
import { ANY_ACTIVATION, lossOf, type CriterionOptions, type LabelOptions } from './common.ts'

/** The options of a Matthews correlation loss. */
export interface MatthewsCorrelationOptions extends CellOptions {
  /** s ≥ 0, added to each of the four counts. Keeps an empty or full cell defined. Default 1e-5. */
  readonly smooth?: number | undefined
}

/**
 * Matthews correlation loss (soft MCC), per cell
 *
 *     ℓ = 1 − (TP·TN − FP·FN) / √((TP + FP)·(TP + FN)·(TN + FP)·(TN + FN))
 *     TP = I + s,  FP = P − I + s,  FN = G − I + s,  TN = V − P − G + I + s
 *
 * with I = Σ m·p·g, P = Σ m·p, G = Σ m·g, V = Σ m. It lies in [0, 2]: 1 is a prediction by chance, 2 the opposite of the
 * reference. Unlike an overlap it counts the pixels that are rightly left out.
 *
 * Source: Abhishek, Hamarneh, "Matthews correlation coefficient loss for deep convolutional networks: application to skin
 * lesion segmentation" (2021).
 */
export interface MatthewsCorrelationLossOptions extends CriterionOptions, LabelOptions, MatthewsCorrelationOptions {}

const TABLE: Readonly<Record<keyof MatthewsCorrelationOptions, OptionKind>> = { ...CELL_TABLE, smooth: 'value' }
const DEFAULT_SMOOTH = 1e-5

const MATTHEWS_CORRELATION: LossTerm<MatthewsCorrelationOptions> = {
  name: 'matthewsCorrelation',
  table: TABLE,
  activations: ANY_ACTIVATION,
  instead: '',
  overlaps: true,
  parse: (options, whole) => {
    const smooth = options.number('smooth', NON_NEGATIVE) ?? DEFAULT_SMOOTH
    const cells = parseCells(options, whole, CELL_DEFAULTS)
    return {
      reduction: cells.reduction,
      weighsPixels: true,
      bind: (count) => ({ kind: 'correlation', ...cells.bind(count), smooth }),
    }
  },
}

/** The definition behind `matthewsCorrelationLoss` and `MatthewsCorrelationLoss`. */
export const matthewsCorrelation: Loss<MatthewsCorrelationLossOptions> =
  lossOf<MatthewsCorrelationLossOptions>(MATTHEWS_CORRELATION)
