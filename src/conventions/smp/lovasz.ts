/** smp's Lovász loss. */
import { channelsFirst, labels, pixelWeights, reshapeInput } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { reshape, size } from '../path.ts'
import { flag, only } from '../reader.ts'
import { classIds, criterion, lovasz, oneVersusRest } from '../terms.ts'
import { elementwise, IGNORE_INDEX, MODE, type SmpIgnoreOptions, type SmpModeOptions } from './common.ts'

/**
 * `LovaszLoss` of segmentation-models-pytorch 0.5, from logits (Berman, Rannen Triki, Blaschko 2018): in `'multiclass'` mode Lovász-softmax,
 * the mean over the classes that occur; in the others the Lovász hinge, all elements sorted together.
 */
export interface LovaszLossOptions extends SmpModeOptions, SmpIgnoreOptions {
  /**
   * Sorts each sample on its own, and takes the mean over the samples; Lovász-softmax leaves out one whose pixels are all ignored, where
   * smp fails. Default `false`: the batch as one.
   */
  readonly perImage?: boolean | undefined
  /** smp reads `from_logits` and does nothing with it: only `true` is taken here. */
  readonly fromLogits?: true | undefined
}

/** {@inheritDoc LovaszLossOptions} */
export const LovaszLoss: Convention<LovaszLossOptions> = convention(
  'smp.LovaszLoss',
  {
    mode: MODE,
    perImage: flag(false),
    ignoreIndex: IGNORE_INDEX,
    fromLogits: only(true, 'smp takes logits whatever fromLogits says: pass logits'),
  },
  ({ mode, perImage, ignoreIndex }) =>
    (inputs) => {
      const { prediction } = inputs
      if (mode === 'multiclass') {
        const grid = channelsFirst(prediction)
        const { classes } = grid
        const term = lovasz({
          form: 'softmax',
          classes: classIds(classes),
          scorePer: perImage ? 'sample-class' : 'class',
          averaging: 'samples',
        })
        const regions = oneVersusRest(classes)
        const spec = criterion({ activation: 'softmax', classes, ignoreIndex, regions, terms: [term] })
        const target = labels(reshapeInput(inputs.target, grid.labelShapes[0] as readonly number[]), grid)
        return { jobs: [{ spec, grid, ...target, pixelWeights: pixelWeights(inputs, grid) }] }
      }
      const [samples] = prediction.shape as [number]
      const grid = channelsFirst(reshape(prediction, [samples, 1, size(prediction.shape) / samples]))
      const term = lovasz({
        form: 'hinge',
        classes: [0],
        scorePer: perImage ? 'sample' : 'batch',
        emptyClass: 'smooth',
      })
      const spec = criterion({ activation: 'sigmoid', classes: 1, terms: [term] })
      return { jobs: [{ ...elementwise(inputs, grid, ignoreIndex), spec }] }
    },
)
