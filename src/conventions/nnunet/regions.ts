/** nnU-Net's compound of Dice and binary cross-entropy, for regions that overlap. */
import type { FloatArray, Reduction, Term } from '../../engine.ts'
import { checkLength } from '../../tensor.ts'
import {
  channelsFirst,
  elements,
  numbersOf,
  pixelWeights,
  planes,
  shapeOf,
  withNumbers,
  type Grid,
  type Inputs,
} from '../arrange.ts'
import { convention, together, type Arrangement, type Convention, type Job } from '../convention.ts'
import { constant, ELEMENT_FACTORS, elementEntropy, type ElementFactorOptions } from '../element-entropy.ts'
import { arrayLike, size } from '../path.ts'
import { flag, nested, word, type Read, type Reader } from '../reader.ts'
import { binaryCrossEntropy, everyClass } from '../terms.ts'
import {
  checkDiceClass,
  checkSpatial,
  CLIPPED_DICE,
  conflict,
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
export interface BinaryCrossEntropyKwargs extends ElementFactorOptions {
  /** Nothing with `useIgnoreLabel`, as in nnU-Net; without it `'none'` makes no loss. Default `'mean'`. */
  readonly reduction?: Reduction | undefined
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

const BCE: typeof ELEMENT_FACTORS & { readonly reduction: Reader<Reduction> } = {
  ...ELEMENT_FACTORS,
  reduction: word(['mean', 'sum', 'none'], 'mean'),
}
type Entropy = Read<typeof BCE>
const PLAIN: Entropy = { weight: undefined, posWeight: undefined, reduction: 'mean' }

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
    if (bceKwargs.reduction === 'none' && !useIgnoreLabel) {
      throw conflict('bceKwargs.reduction', "'mean' or 'sum' without useIgnoreLabel", "'none'", 'leave reduction out')
    }
    return (inputs) => {
      const tensors = planesOf(inputs, useIgnoreLabel)
      checkSpatial(tensors.grid, options.diceClass)
      return diceAndBinaryEntropy(tensors, options, useIgnoreLabel, bceKwargs)
    }
  },
)

/** The compound for regions, as the trainer takes it too. `ignoring`: some pixels may not count. */
export function diceAndBinaryEntropy(
  tensors: Tensors,
  options: Read<typeof FACTORS> & { readonly softDiceKwargs: Dice },
  ignoring: boolean,
  entropy: Entropy = PLAIN,
  reading: Reading = {},
): Arrangement {
  const { softDiceKwargs, weightDice, weightCe } = options
  const dice = diceJob(tensors, 'sigmoid', softDiceKwargs, weightDice, reading)
  const [first, ...others] = entropyJobs(tensors, weightCe, ignoring, entropy, reading) as [Job, ...Job[]]
  return { jobs: [...together(dice, first), ...others] }
}

/** Binary cross-entropy of classes; of elements, where they have factors of their own. */
function entropyJobs(
  tensors: Tensors,
  weightCe: number,
  ignoring: boolean,
  { weight, posWeight, reduction }: Entropy,
  reading: Reading,
): readonly Job[] {
  const { grid, pixelWeights: valid } = tensors
  const name = 'binaryCrossEntropy'
  if (weight === undefined && (posWeight === undefined || size(posWeight.shape) === 1)) {
    const factor = ignoring ? grid.classes : 1
    const term = binaryCrossEntropy({
      weight: weightCe * factor,
      positiveWeights: posWeight && everyClass(grid.classes, posWeight.numbers[0] as number),
      meanOver: ignoring ? 'valid-pixels' : 'pixels',
      reduction: ignoring ? 'mean' : reduction,
    })
    return [{ ...job(tensors, 'sigmoid', term, name, reading), names: [[name, factor]] }]
  }
  const every = elements(grid.path)
  const mask = valid && constant('mask', { numbers: valid, shape: grid.labelShapes[1] as readonly number[] })
  const weights = pixelWeights({ pixelWeights: constant('weight', weight), mask }, every)
  const counted = valid === undefined ? grid.samples * grid.pixels : valid.filter((one) => one !== 0).length
  const scale = ignoring ? 1 / Math.max(counted, 1) : 1
  const settings = { posWeight, reduction: ignoring ? 'sum' : reduction } as const
  return elementEntropy({ ...tensors, grid: every, pixelWeights: weights }, settings).jobs.map((part) => {
    const [term] = part.spec.terms as [Term]
    const factor = scale * term.weight
    return { ...part, spec: { ...part.spec, terms: [{ ...term, weight: weightCe * factor }] }, names: [[name, factor]] }
  })
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
