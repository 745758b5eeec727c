/** What every convention has to hold, whatever its library computes. */
import type { ExecutionContext } from 'ava'
import type { ConventionCallOptions, ConventionCriterion } from '../../src/conventions/convention.ts'

/** An array with a shape. */
export interface Shaped {
  readonly data: Float64Array | Int32Array
  readonly shape: number[]
}

/** An array with a shape. */
export function tensor(data: Float64Array | Int32Array, ...shape: number[]): Shaped {
  return { data, shape }
}

/** Repeatable numbers in (−2, 2). */
export function logits(...shape: number[]): Shaped {
  return tensor(
    Float64Array.from({ length: size(shape) }, (_, i) => 2 * Math.sin(7.3 * i + 1)),
    ...shape,
  )
}

/** Repeatable numbers in (0, 1). */
export function probabilities(...shape: number[]): Shaped {
  return tensor(
    Float64Array.from({ length: size(shape) }, (_, i) => 1 / (1 + Math.exp(2 * Math.cos(5.1 * i)))),
    ...shape,
  )
}

/** Repeatable labels from 0 to `classes − 1`. */
export function labels(classes: number, ...shape: number[]): Shaped {
  return tensor(
    Int32Array.from({ length: size(shape) }, (_, i) => (i * i + (i >> 1)) % classes),
    ...shape,
  )
}

/** One-hot planes of labels, classes last. */
export function oneHot({ data, shape }: Shaped, classes: number): Shaped {
  return tensor(
    Float64Array.from({ length: data.length * classes }, (_, i) =>
      Number(data[Math.floor(i / classes)] === i % classes),
    ),
    ...shape,
    classes,
  )
}

/** The product of extents. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** Largest difference of two lists of numbers. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return a.length === b.length ? Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i]!))) : Infinity
}

/** The loss is the sum of the values, and the gradient its derivative by central differences, also scaled and accumulated. */
export function checkCriterion(
  t: ExecutionContext,
  criterion: ConventionCriterion,
  prediction: Shaped,
  target: Shaped,
  options: Pick<ConventionCallOptions, 'pixelWeights' | 'mask'> = {},
): void {
  const { gradient, loss, values, valuesShape } = criterion.evaluate(prediction, target, { ...options, gradient: true })
  const total = values.reduce((sum, value) => sum + value, 0)
  t.true(Math.abs(total - loss) < 1e-12, `the values sum to ${total}, not to ${loss}`)
  t.is(values.length, size(valuesShape))
  const step = 1e-6
  const at = (i: number, offset: number): number => {
    const moved = Float64Array.from(prediction.data)
    moved[i]! += offset
    return criterion.evaluate(tensor(moved, ...prediction.shape), target, options).loss
  }
  const slopes = Float64Array.from(gradient, (_, i) => (at(i, step) - at(i, -step)) / (2 * step))
  t.true(difference(slopes, gradient) < 1e-7, `slopes are ${gradient.join()} instead of ${slopes.join()}`)
  const buffer = new Float64Array(gradient.length).fill(1)
  criterion.evaluate(prediction, target, { ...options, gradient: buffer, gradientScale: -2, accumulate: true })
  t.true(
    difference(
      buffer,
      Float64Array.from(gradient, (slope) => 1 - 2 * slope),
    ) < 1e-12,
  )
}
