/** MONAI's focal loss, and its two compounds with Dice. */
import type { FloatArray, Reduction, RegionTerm } from '../../engine.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { broadcast, channelsFirst, type Grid } from '../arrange.ts'
import { convention, together, type Arrangement, type Convention, type Job } from '../convention.ts'
import { size, softmax, withoutBackground } from '../path.ts'
import { flag, number, orNull, type Read } from '../reader.ts'
import { classIds, criterion, everyClass, pixelTerm } from '../terms.ts'
import {
  activate,
  checkActivations,
  checkSpatial,
  classWeights,
  countedClasses,
  MONAI,
  tensorsOf,
  WEIGHT,
  type ACTIVATIONS,
  type MonaiOptions,
  type MonaiWeightOptions,
  type Tensors,
} from './common.ts'
import {
  DICE,
  diceTerm,
  GENERALIZED_DICE,
  generalizedDiceTerm,
  IGNORE,
  type GeneralizedDiceLossOptions,
  type MonaiDiceOptions,
  type MonaiIgnoreOptions,
} from './dice.ts'

/** What the focal loss takes inside a compound too. */
export interface MonaiFocalOptions extends MonaiWeightOptions {
  /** γ ≥ 0, how much sure pixels count less. Default 2. */
  readonly gamma?: number | undefined
  /** α: weight of the foreground, 1 − α of the background; see `FocalLoss`. Default `null`: both 1. */
  readonly alpha?: number | null | undefined
}

/**
 * `FocalLoss` of MONAI 1.5, from logits. With sigmoid every class is a problem of its own,
 *
 *     ℓ = (α·g + (1 − α)·(1 − g))·(1 − q)^γ·BCE(p, g),   q = σ(z·(2g − 1))
 *
 * with `useSoftmax` ℓ = −a·g·(1 − p)^γ·log p with a = 1 − α for class 0 and α for the others (without background α does nothing, and
 * the softmax is over the remaining classes; their logits are copied). The mean is over N·C·V elements; `'sum'` is over samples and
 * classes of the mean over the pixels, as in MONAI; `'none'` returns `[N, C, …]`. With `ignoreIndex` the mean divides by the
 * number of pixels that count, without the factor C: so does MONAI.
 */
export interface FocalLossOptions extends MonaiOptions, MonaiFocalOptions, MonaiIgnoreOptions {
  /** Softmax instead of sigmoid; where one class counts the loss is 0, as in MONAI. Default `false`. */
  readonly useSoftmax?: boolean | undefined
}

const FOCAL = { ...WEIGHT, gamma: number(2, NON_NEGATIVE), alpha: orNull(number(0.5)) }

/** What a focal term needs to know. */
interface Focal extends Read<typeof FOCAL> {
  readonly includeBackground: boolean
  readonly reduction: Reduction
  readonly ignoreIndex?: number | undefined
}

type Values = Float64Array<ArrayBuffer>

/**
 * What is left between an engine's sum over classes and pixels and MONAI's reduction of `classes` planes: the mean goes over the elements,
 * but over the pixels alone where some are ignored; the sum is one of means over the pixels.
 */
function factorOf({ reduction, ignoreIndex }: Focal, grid: Grid, perElement: number, perPixel: number): number {
  if (reduction === 'none') return 1
  if (reduction === 'sum') {
    checkSpatial(grid, "reduction 'sum'")
    return 1 / grid.pixels
  }
  return ignoreIndex === undefined ? perElement : perPixel
}

/** The sigmoid form. Under `'none'` its values are those of all classes. */
function sigmoidJob(tensors: Tensors, options: Focal, lambda = 1): Job {
  const { grid, target, ignoreIndex } = tensors
  const { classes } = grid
  const counted = countedClasses(classes, options.includeBackground)
  const weights = classWeights(options.weight, classes, counted) ?? everyClass(classes, 1)
  const { alpha } = options
  const factor = factorOf(options, grid, 1, counted.length)
  const term = pixelTerm({
    function: 'focal',
    form: 'binary',
    weight: lambda * factor,
    gammas: everyClass(classes, options.gamma),
    positiveWeights: weights.map((weight) => weight * (alpha ?? 1)),
    negativeWeights: weights.map((weight) => weight * (alpha === undefined ? 1 : 1 - alpha)),
    softTarget: 'signed',
    classes: counted,
    meanOver: options.ignoreIndex === undefined ? 'pixels' : 'valid-pixels',
    reduction: options.reduction,
  })
  const spec = criterion({ activation: 'sigmoid', classes, ignoreIndex, terms: [term] })
  return { spec, grid, ...target, pixelWeights: tensors.pixelWeights, names: [['focal', factor]] }
}

/**
 * The softmax form of the classes that count. The values of single classes (`'none'`) come from the binary form without its negative
 * part, behind a softmax in TypeScript.
 */
function softmaxJob(tensors: Tensors, options: Focal): Job {
  const isWhole = options.includeBackground || tensors.grid.classes === 1
  const { grid, target, ignoreIndex } = isWhole ? tensors : foreground(tensors)
  const { classes } = grid
  const all = classIds(classes)
  const weights = classWeights(options.weight, classes, all) ?? everyClass(classes, 1)
  const { alpha } = options
  const balanced = alpha === undefined || !options.includeBackground ? undefined : alpha
  // The loss of a pixel is that of its class, where there is one.
  const none = options.reduction === 'none' && classes > 1
  const term = pixelTerm({
    function: 'focal',
    form: none ? 'binary' : 'categorical',
    weight: factorOf(options, grid, 1 / classes, 1),
    gammas: everyClass(classes, options.gamma),
    positiveWeights: weights.map(
      (weight, c) => weight * (balanced === undefined ? 1 : c === 0 ? 1 - balanced : balanced),
    ),
    negativeWeights: none ? everyClass(classes, 0) : undefined,
    classes: all,
    meanOver: options.ignoreIndex === undefined ? 'pixels' : 'valid-pixels',
    reduction: options.reduction,
  })
  const path = none ? softmax(grid.path, grid.pixels, classes) : grid.path
  const spec = criterion({ activation: none ? 'none' : 'softmax', classes, ignoreIndex, terms: [term] })
  return { spec, grid: { ...grid, path }, ...target, pixelWeights: tensors.pixelWeights }
}

/** The tensors without class 0: labels count from the first foreground class, and pixels of the background have none. */
function foreground(tensors: Tensors): Tensors {
  const path = withoutBackground(tensors.grid.path)
  const grid = channelsFirst(path)
  const { target, perClass } = tensors.target
  if (perClass) {
    const kept = withoutBackground({
      data: Float64Array.from(target as FloatArray),
      shape: tensors.grid.shape,
      back: undefined,
    })
    return { ...tensors, grid, target: { target: kept.data, perClass } }
  }
  const shifted = Float64Array.from(target as ArrayLike<number | bigint>, (label) => Number(label) - 1)
  for (let pixel = 0; pixel < shifted.length; pixel += 1) {
    if (shifted[pixel] === (tensors.ignoreIndex ?? 0) - 1) shifted[pixel] = -1
  }
  return { ...tensors, grid, target: { target: shifted, perClass }, ignoreIndex: -1 }
}

/** The elements `[N, C, …]` of the classes that count. */
function countedElements(values: Values, grid: Grid, includeBackground: boolean): Values {
  if (includeBackground || grid.classes === 1) return values
  return withoutBackground({ data: values, shape: grid.shape, back: undefined }).data as Values
}

/** Their shape. */
function elementsShape({ shape, classes }: Grid, includeBackground: boolean): number[] {
  const [samples, , ...spatial] = shape as [number, number, ...number[]]
  return [samples, countedClasses(classes, includeBackground).length, ...spatial]
}

/** {@inheritDoc FocalLossOptions} */
export const FocalLoss: Convention<FocalLossOptions> = convention(
  'monai.FocalLoss',
  { ...MONAI, ...FOCAL, ...IGNORE, useSoftmax: flag(false) },
  (options) => (inputs) => {
    const tensors = tensorsOf(inputs, options.toOnehotY, options.ignoreIndex)
    const { grid } = tensors
    const { includeBackground } = options
    const valuesShape = options.reduction === 'none' ? elementsShape(grid, includeBackground) : undefined
    if (options.useSoftmax) return { jobs: [softmaxJob(tensors, options)], valuesShape }
    const job = { ...sigmoidJob(tensors, options), names: undefined }
    return {
      jobs: [job],
      valuesShape,
      values: ([values]) => countedElements(values as Values, grid, includeBackground),
    }
  },
)

/**
 * `DiceFocalLoss` of MONAI 1.5: `lambdaDice·DiceLoss + lambdaFocal·FocalLoss`. The focal loss is the sigmoid form, from logits, whatever
 * activation the Dice loss has; both take `includeBackground`, `weight` and `reduction`.
 */
export interface DiceFocalLossOptions extends MonaiDiceOptions, MonaiFocalOptions {
  /** Default 1. */
  readonly lambdaDice?: number | undefined
  /** Default 1. */
  readonly lambdaFocal?: number | undefined
}

/** {@inheritDoc DiceFocalLossOptions} */
export const DiceFocalLoss: Convention<DiceFocalLossOptions> = convention(
  'monai.DiceFocalLoss',
  { ...DICE, ...FOCAL, lambdaDice: number(1, NON_NEGATIVE), lambdaFocal: number(1, NON_NEGATIVE) },
  (options, name) => {
    checkActivations(options, name)
    return (inputs) => {
      const tensors = tensorsOf(inputs, options.toOnehotY)
      const term = diceTerm(options, tensors.grid)
      return withFocal(tensors, options, { ...term, weight: options.lambdaDice }, 'dice')
    }
  },
)

/**
 * `GeneralizedDiceFocalLoss` of MONAI 1.5: `lambdaGdl·GeneralizedDiceLoss + lambdaFocal·FocalLoss`, as in `DiceFocalLoss`; `weight` is the
 * focal loss's only.
 */
export interface GeneralizedDiceFocalLossOptions
  extends Omit<GeneralizedDiceLossOptions, 'softLabel'>, Omit<MonaiFocalOptions, 'alpha'> {
  /** Default 1. */
  readonly lambdaGdl?: number | undefined
  /** Default 1. */
  readonly lambdaFocal?: number | undefined
}

/** {@inheritDoc GeneralizedDiceFocalLossOptions} */
export const GeneralizedDiceFocalLoss: Convention<GeneralizedDiceFocalLossOptions> = convention(
  'monai.GeneralizedDiceFocalLoss',
  {
    ...GENERALIZED_DICE,
    ...WEIGHT,
    gamma: FOCAL.gamma,
    lambdaGdl: number(1, NON_NEGATIVE),
    lambdaFocal: number(1, NON_NEGATIVE),
  },
  (options, name) => {
    checkActivations(options, name)
    return (inputs) => {
      const tensors = tensorsOf(inputs, options.toOnehotY)
      const term = generalizedDiceTerm(options, tensors.grid)
      const focal = { ...options, alpha: undefined }
      return withFocal(tensors, focal, { ...term, weight: options.lambdaGdl }, 'generalizedDice')
    }
  },
)

/**
 * A region term and the focal loss of the same tensors. Under `'none'` MONAI adds the value of a cell to each of its elements: their
 * sum holds it once an element.
 */
function withFocal(
  tensors: Tensors,
  options: Focal & Read<typeof ACTIVATIONS> & { readonly lambdaFocal: number },
  term: RegionTerm,
  name: string,
): Arrangement {
  const { grid, activation } = activate(tensors.grid, options)
  const { includeBackground, reduction } = options
  const focal = sigmoidJob(tensors, options, options.lambdaFocal)
  const dice = (weight: number): Job => ({
    ...focal,
    spec: criterion({ activation, classes: grid.classes, terms: [{ ...term, weight }] }),
    grid,
    names: [[name, 1]],
  })
  if (reduction !== 'none') return { jobs: together(dice(term.weight), focal) }

  const valuesShape = elementsShape(grid, includeBackground)
  const cells = valuesShape.slice(0, 2)
  const elements = size(valuesShape)
  const count = size(cellsShape(term, cells))
  const repeats = elements / count
  return {
    jobs: [dice(term.weight * repeats), focal],
    valuesShape,
    values: ([regions, pixels]) => {
      const result = Float64Array.from(countedElements(pixels as Values, grid, includeBackground))
      const shape = [...cellsShape(term, cells), 1]
      const spread = broadcast(regions as Values, shape, [...cells, grid.pixels])
      for (let index = 0; index < elements; index += 1) result[index]! += spread[index]! / repeats
      return result
    },
  }
}

/** The cells of a region term among `[N, C]`. */
function cellsShape({ scorePer }: RegionTerm, [samples, classes]: readonly number[]): number[] {
  const pooled = scorePer === 'class' || scorePer === 'batch'
  const together = scorePer === 'sample' || scorePer === 'batch'
  return [pooled ? 1 : (samples as number), together ? 1 : (classes as number)]
}
