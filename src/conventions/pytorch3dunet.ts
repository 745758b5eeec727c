/** pytorch-3dunet: `pytorch3dunet.unet3d.losses`. Predictions `[N, C, …]`, targets planes of the same shape. */
import type { Activation, FloatArray, RegionTerm } from '../engine.ts'
import { NON_NEGATIVE, POSITIVE } from '../options.ts'
import { channelsFirst, oneAClass, pixelWeights, planes } from './arrange.ts'
import { convention, type Convention } from './convention.ts'
import { activated, withComplement, type Path } from './path.ts'
import { number, numbers, orNull, word, type Reader } from './reader.ts'
import { binaryCrossEntropy, classIds, criterion, region } from './terms.ts'

/** How the prediction becomes probabilities. */
export interface NormalizationOptions {
  /** `'sigmoid'`, `'softmax'` over the channels, or `'none'`: it holds them. Default `'sigmoid'`. */
  readonly normalization?: 'sigmoid' | 'softmax' | 'none' | undefined
}

const NORMALIZATION: { readonly normalization: Reader<Activation> } = {
  normalization: word(['sigmoid', 'softmax', 'none'], 'sigmoid'),
}

/**
 * `DiceLoss` of pytorch-3dunet: `1 − mean over the channels of d_c`, of the batch,
 *
 *     d = 2·w·Σ p·g/max(Σ p² + Σ g², 1e-6)
 *
 * Its `MaskingLossWrapper` sets the logits of ignored pixels to 0, with which they still count; here pixels that do not count have the
 * call option `mask` or `pixelWeights` 0. Source: Milletari, Navab, Ahmadi, "V-Net" (2016).
 */
export interface DiceLossOptions extends NormalizationOptions {
  /** w, one number ≥ 0 a channel. Default `null`: 1. */
  readonly weight?: ArrayLike<number> | null | undefined
}

/** One score a channel, of the batch. */
function scores(given: Partial<RegionTerm> & Pick<RegionTerm, 'classes'>): RegionTerm {
  return region({ form: 'squared', floor: 1e-6, scorePer: 'class', ...given })
}

/** {@inheritDoc DiceLossOptions} */
export const DiceLoss: Convention<DiceLossOptions> = convention(
  'pytorch3dunet.DiceLoss',
  { ...NORMALIZATION, weight: orNull(numbers(NON_NEGATIVE)) },
  ({ normalization, weight }) =>
    (inputs) => {
      const grid = channelsFirst(inputs.prediction)
      const { classes } = grid
      const tensors = { grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }
      const ids = classIds(classes)
      if (weight === undefined) {
        return {
          jobs: [
            { ...tensors, spec: criterion({ activation: normalization, classes, terms: [scores({ classes: ids })] }) },
          ],
        }
      }
      // 1 − mean of w·d, which is not the weighted mean of 1 − d.
      const classWeights = oneAClass(weight, classes, 'weight')
      const term = scores({ classes: ids, transform: 'negative', classWeights })
      return {
        jobs: [{ ...tensors, spec: criterion({ activation: normalization, classes, terms: [term] }) }],
        loss: (sum) => 1 + sum,
      }
    },
)

/**
 * `GeneralizedDiceLoss` of pytorch-3dunet, of the batch,
 *
 *     ℓ = 1 − 2·Σ_c w_c·I_c/Σ_c w_c·(P_c + G_c),   w_c = 1/max(G_c², ε)
 *
 * One channel is the foreground, to which the background 1 − p, 1 − g is added, in TypeScript and in memory of its own. The library
 * also raises each `w_c·(P_c + G_c)` to ε, which only touches classes of more than 2/ε pixels; here the sum of them is raised.
 * Source: Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations" (2017).
 */
export interface GeneralizedDiceLossOptions extends NormalizationOptions {
  /** ε > 0. Default 1e-6. */
  readonly epsilon?: number | undefined
}

/** {@inheritDoc GeneralizedDiceLossOptions} */
export const GeneralizedDiceLoss: Convention<GeneralizedDiceLossOptions> = convention(
  'pytorch3dunet.GeneralizedDiceLoss',
  { ...NORMALIZATION, epsilon: number(1e-6, POSITIVE) },
  ({ normalization, epsilon }) =>
    (inputs) => {
      const given = channelsFirst(inputs.prediction)
      const { target } = planes(inputs.target, given)
      const one = given.classes === 1
      const grid = one ? channelsFirst(withComplement(activated(given.path, normalization, given.pixels, 1))) : given
      const path: Path = { data: target as FloatArray, shape: given.shape, back: undefined }
      const { classes } = grid
      const term = region({
        classes: classIds(classes),
        floor: epsilon,
        scorePer: 'batch',
        weightMode: 'inside',
        volumeWeights: { volumes: 'score', power: 2, offset: 0, floor: epsilon, absent: 'formula' },
      })
      return {
        jobs: [
          {
            spec: criterion({ activation: one ? 'none' : normalization, classes, terms: [term] }),
            grid,
            target: one ? withComplement(path).data : target,
            perClass: true,
            pixelWeights: pixelWeights(inputs, given),
          },
        ],
      }
    },
)

/**
 * `BCEDiceLoss` of pytorch-3dunet: the mean of PyTorch's binary cross-entropy over all elements, from logits, plus `alpha` times
 * `DiceLoss` behind a sigmoid.
 */
export interface BCEDiceLossOptions {
  /** Factor ≥ 0 of the Dice loss. Default 1. */
  readonly alpha?: number | undefined
}

/** {@inheritDoc BCEDiceLossOptions} */
export const BCEDiceLoss: Convention<BCEDiceLossOptions> = convention(
  'pytorch3dunet.BCEDiceLoss',
  { alpha: number(1, NON_NEGATIVE) },
  ({ alpha }) =>
    (inputs) => {
      const grid = channelsFirst(inputs.prediction)
      const { classes } = grid
      const terms = [binaryCrossEntropy(), scores({ classes: classIds(classes), weight: alpha })]
      const spec = criterion({ activation: 'sigmoid', classes, terms })
      const names = [
        ['binaryCrossEntropy', 1],
        ['dice', 1],
      ] as const
      return { jobs: [{ spec, grid, ...planes(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid), names }] }
    },
)
