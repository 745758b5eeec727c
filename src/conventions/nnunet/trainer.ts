/** The losses nnU-Net trains with. */
import { channelsFirst, labels, pixelWeights } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { flag, orNull, requiredNumber, type Reader } from '../reader.ts'
import { diceAndEntropy } from './cross-entropy.ts'
import { conflict, LABEL } from './common.ts'
import { diceAndBinaryEntropy, planesOf } from './regions.ts'
import { LABEL as LABEL_RANGE } from '../../options.ts'

/**
 * What nnU-Net's default trainer (2.6) minimizes at one scale: for labels `DC_and_CE_loss` without background in Dice, for regions `DC_and_BCE_loss`,
 * both with smooth 1e-5 and both factors 1. **Dice is negated: the loss lies in [−1, ∞), and a perfect prediction has −1.**
 *
 * Its plans set `batchDice` for 2D, and for full resolution in 3D where there is a low resolution too. Deep supervision is not in here: the
 * trainer weighs its scales by 1, ½, ¼, …, 0, divided by their sum.
 */
export interface TrainerOptions {
  /** Of the images. Required. */
  readonly dimensions: 2 | 3
  /** Pools the samples of a batch in Dice. Default: in 2 dimensions. */
  readonly batchDice?: boolean | undefined
  /**
   * Regions instead of labels. `true`: the target has one plane a region, and with `ignoreLabel` one more for the pixels that do not count. A list:
   * the target holds labels, and region c is the union of the labels `regions[c]`. Default `false`.
   */
  readonly regions?: boolean | readonly ArrayLike<number>[] | undefined
  /** Label of pixels that do not count. Default `null`: none. */
  readonly ignoreLabel?: number | null | undefined
}

type Regions = boolean | readonly (readonly number[])[]

const REGIONS: Reader<Regions, boolean | readonly ArrayLike<number>[]> = {
  kind: 'list',
  read: (options, name) =>
    typeof options.raw(name) === 'boolean'
      ? (options.boolean(name) as boolean)
      : (options.lists(name, LABEL_RANGE) ?? false),
}

/** {@inheritDoc TrainerOptions} */
export const trainer: Convention<TrainerOptions> = convention(
  'nnunet.trainer',
  {
    dimensions: requiredNumber({ min: 2, max: 3, integer: true }),
    batchDice: orNull(flag(false)),
    regions: REGIONS,
    ignoreLabel: LABEL,
  },
  ({ dimensions, batchDice = dimensions === 2, regions, ignoreLabel }) => {
    const softDiceKwargs = { batchDice, doBg: regions !== false, smooth: 1e-5, ddp: false } as const
    const compound = { weightCe: 1, weightDice: 1, softDiceKwargs, ignoreLabel }
    return (inputs) => {
      const rank = inputs.prediction.shape.length
      if (rank !== dimensions + 2) {
        throw conflict(
          'dimensions',
          `${rank - 2}, as the prediction has`,
          `${dimensions}`,
          'pass [N, C, …] of these dimensions',
        )
      }
      const ignoring = ignoreLabel !== undefined
      if (regions === false) {
        return diceAndEntropy(inputs, compound, { weight: undefined, ignoreIndex: undefined, labelSmoothing: 0 })
      }
      if (regions === true) return diceAndBinaryEntropy(planesOf(inputs, ignoring), compound, ignoring)
      const grid = channelsFirst(inputs.prediction)
      if (regions.length !== grid.classes) {
        throw conflict(
          'regions',
          `one region a class (${grid.classes})`,
          `${regions.length}`,
          'list the labels of each',
        )
      }
      const tensors = { grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }
      return diceAndBinaryEntropy(tensors, compound, ignoring, undefined, { regions, ignoreIndex: ignoreLabel })
    }
  },
)
