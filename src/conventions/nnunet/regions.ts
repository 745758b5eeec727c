/** nnU-Net's compound of Dice and binary cross-entropy, for regions that overlap. */
import type { FloatArray } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import {
  channelsFirst,
  numbersOf,
  oneAClass,
  pixelWeights,
  planes,
  shapeOf,
  withNumbers,
  type Grid,
  type Inputs,
} from '../arrange.ts'
import { convention, together, type Arrangement, type Convention } from '../convention.ts'
import { arrayLike } from '../path.ts'
import { flag, nested, numberOrNumbers, orNull, word, type Read } from '../reader.ts'
import { binaryCrossEntropy } from '../terms.ts'
import { checkLength } from '../../tensor.ts'
import {
  checkDiceClass,
  CLIPPED_DICE,
  DICE_CLASSES,
  diceJob,
  FACTORS,
  job,
  type ClippedDiceOptions,
  type Dice,
  type DiceClass,
  type FactorOptions,
  type Reading,
  type Tensors,
} from './common.ts'

/** Options of the binary cross-entropy inside. */
export interface BinaryCrossEntropyKwargs {
  /** π, factor of the positive part: one number, or one a class. Default `null`: 1. */
  readonly posWeight?: number | ArrayLike<number> | null | undefined
}

/**
 * `DC_and_BCE_loss` of nnU-Net 2.6: `weightCe·BCE + weightDice·Dice`, sigmoid in both, of one plane a region. Dice is negated, so that the loss
 * lies in [−weightDice, ∞). With `useIgnoreLabel` the target has one more plane, the last, which is 1 where pixels do not count; then BCE is summed
 * over the regions and divided by the pixels that count, where it else is the mean over both.
 */
export interface DCAndBCELossOptions extends FactorOptions {
  /** Options of binary cross-entropy. */
  readonly bceKwargs?: BinaryCrossEntropyKwargs | null | undefined
  /** Options of the Dice loss. */
  readonly softDiceKwargs?: ClippedDiceOptions | null | undefined
  /** Default `false`. */
  readonly useIgnoreLabel?: boolean | undefined
  /** Only `'SoftDiceLoss'` knows `clipTp`. Default `'MemoryEfficientSoftDiceLoss'`. */
  readonly diceClass?: DiceClass | undefined
}

const BCE = { posWeight: orNull(numberOrNumbers(NON_NEGATIVE)) }

/** {@inheritDoc DCAndBCELossOptions} */
export const DC_and_BCE_loss: Convention<DCAndBCELossOptions> = convention(
  'nnunet.DC_and_BCE_loss',
  {
    ...FACTORS,
    bceKwargs: nested('bceKwargs', BCE),
    softDiceKwargs: nested('softDiceKwargs', CLIPPED_DICE),
    useIgnoreLabel: flag(false),
    diceClass: word(DICE_CLASSES, 'MemoryEfficientSoftDiceLoss'),
  },
  (options) => {
    checkDiceClass(options.diceClass, options.softDiceKwargs)
    const { useIgnoreLabel, bceKwargs } = options
    return (inputs) =>
      diceAndBinaryEntropy(planesOf(inputs, useIgnoreLabel), options, useIgnoreLabel, bceKwargs.posWeight)
  },
)

/** The compound for regions, as the trainer takes it too. `ignoring`: some pixels may not count. */
export function diceAndBinaryEntropy(
  tensors: Tensors,
  options: Read<typeof FACTORS> & { readonly softDiceKwargs: Dice },
  ignoring: boolean,
  posWeight?: number | readonly number[],
  reading: Reading = {},
): Arrangement {
  const { classes } = tensors.grid
  const factor = ignoring ? classes : 1
  const entropy = binaryCrossEntropy({
    weight: options.weightCe * factor,
    positiveWeights: posWeight === undefined ? undefined : oneAClass(posWeight, classes, 'posWeight'),
    meanOver: ignoring ? 'valid-pixels' : 'pixels',
  })
  const dice = diceJob(tensors, 'sigmoid', options.softDiceKwargs, options.weightDice, reading)
  const binary = job(tensors, 'sigmoid', entropy, 'binaryCrossEntropy', reading)
  return { jobs: together(dice, { ...binary, names: [['binaryCrossEntropy', factor]] }) }
}

/** Planes in the prediction's shape; with `ignoring` one more, whose ones become pixels of weight 0. */
export function planesOf(inputs: Inputs, ignoring: boolean): Tensors {
  const grid = channelsFirst(inputs.prediction)
  const weights = pixelWeights(inputs, grid)
  if (!ignoring) return { grid, ...planes(inputs.target, grid), pixelWeights: weights }
  const [samples, classes, ...spatial] = grid.shape as [number, number, ...number[]]
  const shape = shapeOf(inputs.target, [samples, classes + 1, ...spatial])
  const given = numbersOf(inputs.target)
  checkLength(inputs.target.tensor.data, (grid.length / classes) * (classes + 1), shape, 'target')
  const { regions, valid } = split(given, grid)
  if (weights !== undefined) for (let pixel = 0; pixel < valid.length; pixel += 1) valid[pixel]! *= weights[pixel]!
  const target = withNumbers(inputs.target, regions, grid.shape)
  return { grid, ...planes(target, grid), pixelWeights: valid }
}

/** The planes of the regions, and 1 where the last plane is not 1. */
function split(given: FloatArray, { samples, classes, pixels }: Grid): { regions: FloatArray; valid: Float64Array } {
  const regions = arrayLike(given, samples * classes * pixels)
  const valid = new Float64Array(samples * pixels)
  for (let sample = 0; sample < samples; sample += 1) {
    const start = sample * (classes + 1) * pixels
    const end = start + classes * pixels
    regions.set(given.subarray(start, end), sample * classes * pixels)
    for (let pixel = 0; pixel < pixels; pixel += 1) valid[sample * pixels + pixel] = Number(given[end + pixel] !== 1)
  }
  return { regions, valid }
}
