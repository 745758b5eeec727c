/** smp's loss of Matthews' correlation. */
import { NON_NEGATIVE } from '../../options.ts'
import { elements } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { number } from '../reader.ts'
import { correlation, criterion } from '../terms.ts'
import { elementwise } from './common.ts'

/**
 * `MCCLoss` of segmentation-models-pytorch 0.5, of probabilities (no sigmoid is taken) and a target of as many elements, all as one:
 *
 *     1 − (TP·TN − FP·FN)/√((TP + FP)(TP + FN)(TN + FP)(TN + FN)),   TP = Σ p·g + ε, and so the others
 */
export interface MCCLossOptions {
  /** ε ≥ 0, added to each count. Default 1e-5. */
  readonly eps?: number | undefined
}

/** {@inheritDoc MCCLossOptions} */
export const MCCLoss: Convention<MCCLossOptions> = convention(
  'smp.MCCLoss',
  { eps: number(1e-5, NON_NEGATIVE) },
  ({ eps }) =>
    (inputs) => {
      const term = correlation({ classes: [0], smooth: eps, scorePer: 'batch' })
      const spec = criterion({ classes: 1, terms: [term] })
      return { jobs: [{ ...elementwise(inputs, elements(inputs.prediction), undefined), spec }] }
    },
)
