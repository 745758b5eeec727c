/** MONAI's asymmetric unified focal loss. */
import { masklossError } from '../../errors.ts'
import { FINITE, SHARE } from '../../options.ts'
import { channelsFirst, labels, pixelWeights, planes } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { perElement, withComplement } from '../path.ts'
import { flag, number, word } from '../reader.ts'
import { classIds, criterion, pixelTerm, region } from '../terms.ts'

/**
 * `AsymmetricUnifiedFocalLoss` of MONAI 1.5, of probabilities of two classes, clipped to [1e-7, 1 − 1e-7]:
 *
 *     loss = λ·focal + (1 − λ)·Tversky
 *     focal     mean over the pixels of (1 − δ)·g_0·(1 − p_0)^γ·(−log p_0) + δ·g_1·(−log p_1)
 *     Tversky   mean over samples and classes of 1 − t_0 and (1 − t_1)^(1 − γ),
 *               t = (I + 1e-7)/(I + (1 − δ)·FP + δ·FN + 1e-7)
 *
 * One channel holds the foreground's probabilities p, and the background's are 1 − p; MONAI takes them for labels and cuts the fraction off, so that only
 * predictions of exactly 0 and 1 give its numbers. The clip is done in TypeScript, in memory of its own.
 * Source: Yeung et al., "Unified focal loss" (2022).
 */
export interface AsymmetricUnifiedFocalLossOptions {
  /** Two channels: the target holds labels `[N, 1, …]`. One channel always has labels 0 and 1. Default `false`. */
  readonly toOnehotY?: boolean | undefined
  /** Only 2, as in MONAI. */
  readonly numClasses?: 2 | undefined
  /** λ. Default 0.5. */
  readonly weight?: number | undefined
  /** γ in [0, 1]. Default 0.5. */
  readonly gamma?: number | undefined
  /** δ in [0, 1]. Default 0.7. */
  readonly delta?: number | undefined
  /** The loss is one number whatever is chosen, as in MONAI. Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
}

const EPSILON = 1e-7

/** {@inheritDoc AsymmetricUnifiedFocalLossOptions} */
export const AsymmetricUnifiedFocalLoss: Convention<AsymmetricUnifiedFocalLossOptions> = convention(
  'monai.AsymmetricUnifiedFocalLoss',
  {
    toOnehotY: flag(false),
    numClasses: number(2, { min: 2, max: 2 }),
    weight: number(0.5, FINITE),
    gamma: number(0.5, SHARE),
    delta: number(0.7, SHARE),
    reduction: word(['mean', 'sum', 'none'], 'mean'),
  },
  ({ toOnehotY, weight, gamma, delta }) =>
    (inputs) => {
      const given = channelsFirst(inputs.prediction)
      if (given.classes > 2) throw moreClasses(given.classes)
      const path = given.classes === 1 ? withComplement(given.path) : given.path
      const clipped = perElement(
        path,
        (p) => Math.min(Math.max(p, EPSILON), 1 - EPSILON),
        (p) => (p < EPSILON || p > 1 - EPSILON ? 0 : 1),
      )
      const grid = channelsFirst(clipped)
      const classes = classIds(2)
      const focal = pixelTerm({
        function: 'focal',
        form: 'categorical',
        weight,
        gammas: [gamma, 0],
        positiveWeights: [1 - delta, delta],
        classes,
      })
      const tversky = region({
        classes,
        weight: 1 - weight,
        transform: 'power',
        classGammas: [1, 1 - gamma],
        scale: 1,
        alpha: 1 - delta,
        beta: delta,
        smoothNumerator: EPSILON,
        smoothDenominator: EPSILON,
      })
      const hard = given.classes === 1 || toOnehotY
      const target = hard ? labels(inputs.target, grid) : planes(inputs.target, grid)
      const spec = criterion({ classes: 2, terms: [focal, tversky] })
      const names = [
        ['focal', 1],
        ['tversky', 1],
      ] as const
      return { jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid), names }] }
    },
)

function moreClasses(classes: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'prediction',
    expected: 'probabilities of two classes, or of the foreground',
    actual: `${classes} classes`,
    remedy: 'this loss is defined for two classes',
  })
}
