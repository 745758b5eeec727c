/** SegLossOdyssey's generalised Dice losses. */
import type { RegionTerm } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { convention, type Convention } from '../convention.ts'
import { nested, number } from '../reader.ts'
import { classIds, region } from '../terms.ts'
import { jobOf, NONLIN, tensorsOf, type SegLossOptions, type Tensors } from './common.ts'

/**
 * `GDiceLoss` of SegLossOdyssey: minus the mean over the samples of
 *
 *     2·(Σ_c w_c·I_c + s)/(Σ_c w_c·(P_c + G_c) + s),   w_c = 1/(G_c² + 1e-20)
 *
 * in which a class that is absent from a sample weighs 1e20: then nothing else counts in that sample. The library takes
 * `[N, C, x, y, z]` only; here any number of spatial axes will do.
 * Source: Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations" (2017).
 */
export interface GDiceLossOptions extends SegLossOptions {
  /** s ≥ 0. Default 1e-5. */
  readonly smooth?: number | undefined
}

const SMOOTH = { smooth: number(1e-5, NON_NEGATIVE) }
const GDICE = { ...NONLIN, ...SMOOTH }

/** {@inheritDoc GDiceLossOptions} */
export const GDiceLoss: Convention<GDiceLossOptions> = convention('segloss.GDiceLoss', GDICE, (options) => (inputs) => {
  const tensors = tensorsOf(inputs, options.applyNonlin)
  return { jobs: [jobOf(tensors, [perSample(tensors, options.smooth)])] }
})

function perSample({ grid }: Tensors, smooth: number): RegionTerm {
  return region({
    classes: classIds(grid.classes),
    transform: 'negative',
    smoothNumerator: 2 * smooth,
    smoothDenominator: smooth,
    scorePer: 'sample',
    weightMode: 'inside',
    volumeWeights: { volumes: 'score', power: 2, offset: 1e-20, floor: 0, absent: 'formula' },
  })
}

/**
 * `GDiceLossV2` of SegLossOdyssey: minus the score of the batch,
 *
 *     2·Σ_c w_c·I_c/max(Σ_c w_c·(P_c + G_c), s),   w_c = 1/max(G_c², s)
 */
export interface GDiceLossV2Options extends SegLossOptions {
  /** s ≥ 0. Default 1e-5. */
  readonly smooth?: number | undefined
}

/** {@inheritDoc GDiceLossV2Options} */
export const GDiceLossV2: Convention<GDiceLossV2Options> = convention(
  'segloss.GDiceLossV2',
  GDICE,
  ({ applyNonlin, smooth }) =>
    (inputs) => {
      const tensors = tensorsOf(inputs, applyNonlin)
      const term = region({
        classes: classIds(tensors.grid.classes),
        transform: 'negative',
        floor: smooth,
        scorePer: 'batch',
        weightMode: 'inside',
        volumeWeights: { volumes: 'score', power: 2, offset: 0, floor: smooth, absent: 'formula' },
      })
      return { jobs: [jobOf(tensors, [term])] }
    },
)

/**
 * `PenaltyGDiceLoss` of SegLossOdyssey: `ℓ/(1 + k·(1 − ℓ))` of ℓ, the value of `GDiceLoss` behind a softmax, which is negative; the
 * paper has 1 + ℓ in its place. Source: Yang, Kweon, Kim, "Major vessel segmentation on X-ray coronary angiography using deep networks
 * with a novel penalty loss function" (2019).
 */
export interface PenaltyGDiceLossOptions {
  /** The options of `GDiceLoss`, without its `applyNonlin`. */
  readonly gdiceKwargs?: { readonly smooth?: number | undefined } | null | undefined
  /** k ≥ 0: an attribute of the library's object. Default 2.5. */
  readonly k?: number | undefined
}

/** {@inheritDoc PenaltyGDiceLossOptions} */
export const PenaltyGDiceLoss: Convention<PenaltyGDiceLossOptions> = convention(
  'segloss.PenaltyGDiceLoss',
  { gdiceKwargs: nested('conventions.segloss.GDiceLoss', SMOOTH), k: number(2.5, NON_NEGATIVE) },
  ({ gdiceKwargs, k }) =>
    (inputs) => {
      const tensors = tensorsOf(inputs, 'softmax')
      const term = perSample(tensors, gdiceKwargs.smooth)
      return { jobs: [jobOf(tensors, [{ ...term, outerTransform: 'penalty', outerGamma: k }])] }
    },
)
