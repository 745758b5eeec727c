/** PyTorch's binary cross-entropy of every element, as its own function, smp and nnU-Net have it: the factors broadcast to the elements. */
import type { FloatArray, Reduction } from '../engine.ts'
import { PIXEL_FACTOR } from '../losses/limits.ts'
import { overPixels, type Grid, type Input, type Target } from './arrange.ts'
import type { Arrangement, Job } from './convention.ts'
import { size } from './path.ts'
import { broadcastNumbers, orNull, type Broadcast, type NestedNumbers, type Reader } from './reader.ts'
import { binaryCrossEntropy, criterion } from './terms.ts'

/** Factors of the loss: a number, or lists in lists that broadcast to the prediction, axes aligned at the last. */
export interface ElementFactorOptions {
  /** w in [0, 1e12], the factor of an element's loss. Default `null`: 1. */
  readonly weight?: number | NestedNumbers | null | undefined
  /**
   * π in [0, 1e12], the factor of its positive part: `[2, 3]` for two classes of `[N, 2]`, `[[[2]], [[3]]]` for two of `[N, 2, H, W]`. Default
   * `null`: 1.
   */
  readonly posWeight?: number | NestedNumbers | null | undefined
}

const FACTOR = orNull(broadcastNumbers(PIXEL_FACTOR))
/** The readers of `ElementFactorOptions`. */
export const ELEMENT_FACTORS: {
  readonly weight: Reader<Broadcast | undefined, number | NestedNumbers | null>
  readonly posWeight: Reader<Broadcast | undefined, number | NestedNumbers | null>
} = { weight: FACTOR, posWeight: FACTOR }

/** Numbers as a tensor under a name. */
export function constant(
  name: string,
  given: { readonly numbers: ArrayLike<number>; readonly shape: readonly number[] } | undefined,
): Input | undefined {
  if (given === undefined) return undefined
  const { numbers, shape } = given
  return { name, tensor: { data: Float64Array.from(numbers), dtype: 'float64', shape, image: false } }
}

/** Elements (see `elements`), a number of the target for each, and their weights. */
interface Elements extends Target {
  readonly grid: Grid
  readonly pixelWeights: FloatArray | undefined
}

interface Settings {
  readonly posWeight: Broadcast | undefined
  readonly reduction: Reduction
  /** ε of `t' = (1 − t)·ε + t·(1 − ε)`. Default 0. */
  readonly smoothing?: number | undefined
}

/** `w·(π·t'·(−log p) + (1 − t')·(−log(1 − p)))` of every element; the mean divides by all of them. */
export function elementEntropy(tensors: Elements, settings: Settings): Arrangement {
  const { posWeight, reduction, smoothing = 0 } = settings
  const jobOf = (weight: number, some: Elements, labelSmoothing = 0, positiveWeights?: readonly number[]): Job => {
    const term = binaryCrossEntropy({ weight, reduction, labelSmoothing, positiveWeights })
    return { ...some, spec: criterion({ activation: 'sigmoid', classes: 1, terms: [term] }) }
  }
  const several = posWeight !== undefined && size(posWeight.shape) > 1
  const jobs = several
    ? mixed(tensors, posWeight, smoothing).map(({ sign, ...part }) => jobOf(sign, { ...tensors, ...part }))
    : [jobOf(1, tensors, 2 * smoothing, posWeight?.numbers)]
  return { jobs, valuesShape: reduction === 'none' ? tensors.grid.shape : undefined, values: sums }
}

/** A part of the loss whose weights are not negative. */
interface Part {
  readonly sign: 1 | -1
  readonly target: Float64Array
  readonly pixelWeights: Float64Array
}

/**
 * A factor of the positive part that differs from element to element as a target and a weight of each:
 * `a·e + b·f = s·(t″·e + (1 − t″)·f)` with `s = a + b`, `t″ = a/s`. Targets outside [0, 1] make a or b negative; these are a loss of
 * their own, which is subtracted.
 */
function mixed({ grid, target, pixelWeights }: Elements, posWeight: Broadcast, smoothing: number): Part[] {
  const positive = overPixels(constant('posWeight', posWeight) as Input, grid)
  const parts = ([1, -1] as const).map((sign): Part => {
    const [mixture, weights] = [new Float64Array(target.length), new Float64Array(target.length)]
    for (let index = 0; index < target.length; index += 1) {
      const t = smoothing + Number(target[index]) * (1 - 2 * smoothing)
      if (!Number.isFinite(t)) {
        // As a target it makes NaN of an element that counts, as the formula does; as a weight it would be refused.
        mixture[index] = NaN
        weights[index] = Number(sign === 1) * (pixelWeights?.[index] ?? 1)
        continue
      }
      const a = Math.max(sign * (positive[index] as number) * t, 0)
      const s = a + Math.max(sign * (1 - t), 0)
      if (s === 0) continue
      mixture[index] = a / s
      weights[index] = s * (pixelWeights?.[index] ?? 1)
    }
    return { sign, target: mixture, pixelWeights: weights }
  })
  return parts.filter(({ sign, pixelWeights: weights }) => sign === 1 || weights.some((weight) => weight !== 0))
}

function sums([first, ...others]: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> {
  return (first as Float64Array<ArrayBuffer>).map((value, index) =>
    others.reduce((sum, values) => sum + (values[index] as number), value),
  )
}
