import type { Activation, FloatArray } from '../../src/engine.ts'
import type { Data } from './build.ts'

/** Random numbers in [0, 1), the same for the same seed (xorshift32). */
export function random(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

/** What is asked of random data. */
export interface DataOptions {
  readonly activation: Activation
  readonly samples?: number
  readonly classes?: number
  readonly pixels?: number
  /** Integer labels, planes of 0 and 1, or planes in between. */
  readonly target?: 'labels' | 'one-hot' | 'soft'
  /** Labels are drawn from these instead of all classes. */
  readonly labels?: readonly number[]
  readonly channelsLast?: boolean
  readonly weighted?: boolean
  readonly seed?: number
}

/** Data whose values lie off every kink: no probability at 0, ½ or 1, and none equal to its target. */
export function randomData(options: DataOptions): Data {
  const { samples = 2, classes = 3, pixels = 6, target = 'labels', channelsLast = false, seed = 1 } = options
  const next = random(seed)
  const labels = options.labels ?? Array.from({ length: Math.max(classes, 2) }, (_, label) => label)
  const map = Uint8Array.from({ length: samples * pixels }, () => labels[Math.floor(next() * labels.length)]!)
  const prediction = predictionOf(options.activation, samples, classes, pixels, next)
  const planes = planesOf(map, samples, classes, pixels)
  if (target === 'soft') for (let i = 0; i < planes.length; i++) planes[i] = 0.1 + 0.35 * planes[i]! + 0.05 * next()
  const perClass = target !== 'labels'
  const lay = (array: Float64Array): Float64Array => (channelsLast ? toLast(array, samples, classes, pixels) : array)
  return {
    prediction: lay(prediction),
    samples,
    pixels,
    channelsLast,
    perClass,
    target: perClass ? lay(planes) : map,
    pixelWeights: options.weighted ? Float64Array.from(map, () => (next() < 0.2 ? 0 : 0.5 + next())) : undefined,
  }
}

/** `[N, C, V]` planes of 0 and 1 from a label map; with one class, label 1 is the foreground. */
export function planesOf(map: ArrayLike<number>, samples: number, classes: number, pixels: number): Float64Array {
  const planes = new Float64Array(samples * classes * pixels)
  for (let n = 0; n < samples; n++) {
    for (let v = 0; v < pixels; v++) {
      const c = classes === 1 ? map[n * pixels + v]! - 1 : map[n * pixels + v]!
      if (c >= 0 && c < classes) planes[(n * classes + c) * pixels + v] = 1
    }
  }
  return planes
}

/** `[N, C, V]` to `[N, V, C]`. */
export function toLast<A extends FloatArray>(array: A, samples: number, classes: number, pixels: number): A {
  const out = array.slice() as A
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < classes; c++) {
      for (let v = 0; v < pixels; v++) out[(n * pixels + v) * classes + c] = array[(n * classes + c) * pixels + v]!
    }
  }
  return out
}

/** Logits, or probabilities that sum to one over the classes. */
function predictionOf(
  activation: Activation,
  samples: number,
  classes: number,
  pixels: number,
  next: () => number,
): Float64Array {
  const logits = Float64Array.from({ length: samples * classes * pixels }, () => 4 * next() - 2)
  if (activation !== 'none') return logits
  const e = logits.map(Math.exp)
  return e.map((value, i) => {
    if (classes === 1) return value / (1 + value)
    const [n, v] = [Math.floor(i / (classes * pixels)), i % pixels]
    let total = 0
    for (let c = 0; c < classes; c++) total += e[(n * classes + c) * pixels + v]!
    return value / total
  })
}
