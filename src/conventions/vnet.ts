/** V-Net: the loss of Milletari, Navab, Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image segmentation" (2016). */
import { channelsFirst, holdsLabels, labels, pixelWeights, planes } from './arrange.ts'
import { convention, type Convention } from './convention.ts'
import { flag } from './reader.ts'
import { classIds, criterion, region } from './terms.ts'

/**
 * The paper's `1 − D`, its mean over the volumes, of the foreground's probabilities p and the reference g:
 *
 *     D = 2·Σ p·g/(Σ p² + Σ g²),   ∂D/∂p_j = 2·(g_j·(Σ p² + Σ g²) − 2·p_j·Σ p·g)/(Σ p² + Σ g²)²
 *
 * There is no smoothing: where Σ p² + Σ g² = 0 it is NaN. Predictions are `[N, C, …]`: the background first, as the network's softmax
 * gives them, or one channel for the foreground alone; of several foregrounds each has its own score. Targets are labels `[N, …]`,
 * `[N, 1, …]`, or planes of the prediction's shape. The paper maximises D. The code its authors published computes D from the
 * thresholded prediction, and a gradient with those sums: not reproduced, since that is no loss's gradient.
 */
export interface DiceLossOptions {
  /** The prediction holds logits: softmax over the channels, sigmoid for one. Default `false`: probabilities. */
  readonly fromLogits?: boolean | undefined
}

/** {@inheritDoc DiceLossOptions} */
export const DiceLoss: Convention<DiceLossOptions> = convention(
  'vnet.DiceLoss',
  { fromLogits: flag(false) },
  ({ fromLogits }) =>
    (inputs) => {
      const grid = channelsFirst(inputs.prediction)
      const { classes } = grid
      const target = holdsLabels(inputs.target, grid) ? labels(inputs.target, grid) : planes(inputs.target, grid)
      const one = classes === 1
      const activation = fromLogits ? (one ? 'sigmoid' : 'softmax') : 'none'
      const spec = criterion({
        activation,
        classes,
        terms: [region({ classes: classIds(classes, one), form: 'squared' })],
      })
      return { jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }] }
    },
)
