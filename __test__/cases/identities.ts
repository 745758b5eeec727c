import type { CriterionSpec, Engine, LabelArray } from '../../src/engine.ts'
import { type Data, evaluate, type Evaluation } from './build.ts'
import { planesOf, random, toLast } from './data.ts'

/** Rewrites of a criterion's data (and of what comes out) under which the numbers must not change. */
export interface Identity {
  readonly name: string
  /** `undefined`: it says nothing about this criterion or data. */
  rewrite(spec: CriterionSpec, data: Data): Rewritten | undefined
}

interface Rewritten {
  readonly spec: CriterionSpec
  readonly data: Data
  /** The gradient of the rewritten data, back in the place of the original. */
  readonly gradient?: (gradient: Float64Array, original: Data) => Float64Array
}

/** Largest difference of loss and gradient between two evaluations that must agree, relative to their largest number. */
export function identityError(engine: Engine, identity: Identity, spec: CriterionSpec, data: Data): number {
  const rewritten = identity.rewrite(spec, data)
  if (rewritten === undefined) return 0
  const expected = evaluate(engine, spec, data)
  const actual = evaluate(engine, rewritten.spec, rewritten.data)
  const gradient = Float64Array.from(actual.gradient)
  return distance(expected, actual.loss, rewritten.gradient?.(gradient, data) ?? gradient)
}

function distance(expected: Evaluation, loss: number, gradient: Float64Array): number {
  const scale = Math.max(...Float64Array.from(expected.gradient, Math.abs), 1e-4)
  let largest = Math.abs(loss - expected.loss) / Math.max(Math.abs(expected.loss), 1e-4)
  expected.gradient.forEach((slope, i) => {
    if (!(Math.abs(gradient[i]! - slope) / scale <= largest)) largest = Math.abs(gradient[i]! - slope) / scale
  })
  return largest
}

const classesOf = (spec: CriterionSpec): number => spec.classes

function transposed(array: LabelArray, data: Data, classes: number): Float64Array {
  return toLast(Float64Array.from(array, Number), data.samples, classes, data.pixels)
}

/** The classes in front, or last: the same numbers. */
const layout: Identity = {
  name: 'channels first or last',
  rewrite(spec, data) {
    if (data.channelsLast === true || usesNone(spec)) return undefined
    const classes = classesOf(spec)
    return {
      spec,
      data: {
        ...data,
        channelsLast: true,
        prediction: transposed(data.prediction, data, classes),
        target: data.perClass === true ? transposed(data.target, data, classes) : data.target,
      },
      gradient: (gradient, original) => toFirst(gradient, original, classes),
    }
  },
}

/** A label map is its one-hot planes: pixels that are ignored are those of weight 0. */
const oneHot: Identity = {
  name: 'labels or one-hot planes',
  rewrite(spec, data) {
    if (data.perClass === true || spec.regions !== undefined || spec.maskValue !== undefined) return undefined
    const labels = Array.from(data.target, Number)
    const planes = planesOf(labels, data.samples, spec.classes, data.pixels)
    return {
      // The planes' own cross-entropy weights are those of the labels: `Σ_c w_c·t_c = w_y`.
      spec: { ...spec, ignoreIndex: undefined },
      data: {
        ...data,
        perClass: true,
        target: data.channelsLast === true ? toLast(planes, data.samples, spec.classes, data.pixels) : planes,
        pixelWeights: Float64Array.from(labels, (label, i) =>
          label === spec.ignoreIndex ? 0 : (data.pixelWeights?.[i] ?? 1),
        ),
      },
    }
  },
}

/** A region is the plane of its labels. */
const regions: Identity = {
  name: 'regions or their planes',
  rewrite(spec, data) {
    if (spec.regions === undefined || data.channelsLast === true) return undefined
    const planes = new Float64Array(data.samples * spec.classes * data.pixels)
    for (let i = 0; i < planes.length; i++) {
      const n = Math.floor(i / (spec.classes * data.pixels))
      const c = Math.floor(i / data.pixels) % spec.classes
      planes[i] = spec.regions[c]!.includes(Number(data.target[n * data.pixels + (i % data.pixels)])) ? 1 : 0
    }
    return { spec: { ...spec, regions: undefined }, data: { ...data, perClass: true, target: planes } }
  },
}

/** What is in a pixel that does not count has no effect, not even NaN. */
const unread: Identity = {
  name: 'ignored pixels are not read',
  rewrite(spec, data) {
    const prediction = Float64Array.from(data.prediction)
    const labels = data.perClass === true ? undefined : data.target
    for (let i = 0; i < data.samples * data.pixels; i++) {
      const ignored = labels !== undefined && Number(labels[i]) === spec.ignoreIndex
      if (!ignored && data.pixelWeights?.[i] !== 0) continue
      const [n, v] = [Math.floor(i / data.pixels), i % data.pixels]
      for (let c = 0; c < spec.classes; c++) prediction[indexOf(spec, data, n, c, v)] = NaN
    }
    return { spec, data: { ...data, prediction } }
  },
}

/** A pixel is the same pixel twice with half the weight. */
const repeated: Identity = {
  name: 'every pixel once, or twice with half the weight',
  rewrite(spec, data) {
    if (data.pixelWeights !== undefined || data.channelsLast === true || usesNone(spec) || countsPixels(spec))
      return undefined
    const twice = (array: LabelArray): Float64Array => {
      const rows = array.length / data.pixels
      return Float64Array.from({ length: 2 * array.length }, (_, i) => {
        const row = Math.floor(i / (2 * data.pixels))
        return rows > row ? Number(array[row * data.pixels + (i % data.pixels)]) : NaN
      })
    }
    return {
      spec,
      data: {
        ...data,
        pixels: 2 * data.pixels,
        prediction: twice(data.prediction),
        target: twice(data.target),
        pixelWeights: new Float64Array(2 * data.samples * data.pixels).fill(0.5),
      },
      gradient: (gradient, original) =>
        Float64Array.from(original.prediction, (_, i) => {
          const row = Math.floor(i / data.pixels)
          const at = row * 2 * data.pixels + (i % data.pixels)
          return gradient[at]! + gradient[at + data.pixels]!
        }),
    }
  },
}

/** The order of the pixels has no effect. */
const shuffled: Identity = {
  name: 'pixels in another order',
  rewrite(spec, data) {
    if (data.channelsLast === true || usesNone(spec)) return undefined
    const next = random(99)
    const order = Array.from({ length: data.pixels }, (_, v) => v)
      .map((v) => [next(), v] as const)
      .toSorted(([a], [b]) => a - b)
      .map(([, v]) => v)
    const moved = (array: ArrayLike<number | bigint>): Float64Array =>
      Float64Array.from({ length: array.length }, (_, i) => {
        const row = Math.floor(i / data.pixels)
        return Number(array[row * data.pixels + order[i % data.pixels]!])
      })
    return {
      spec,
      data: {
        ...data,
        prediction: moved(data.prediction),
        target: moved(data.target),
        pixelWeights: data.pixelWeights === undefined ? undefined : moved(data.pixelWeights),
      },
      gradient: (gradient) => {
        const back = new Float64Array(gradient.length)
        gradient.forEach((slope, i) => {
          back[Math.floor(i / data.pixels) * data.pixels + order[i % data.pixels]!] = slope
        })
        return back
      },
    }
  },
}

function usesNone(spec: CriterionSpec): boolean {
  return spec.terms.some((term) => term.reduction === 'none')
}

/** The mean divides by a number of pixels, or so many of them are chosen. */
function countsPixels(spec: CriterionSpec): boolean {
  return spec.terms.some(
    (term) =>
      ('meanOver' in term && term.meanOver !== 'weights') || ('topPercent' in term && term.topPercent !== undefined),
  )
}

function indexOf(spec: CriterionSpec, data: Data, n: number, c: number, v: number): number {
  return data.channelsLast === true
    ? (n * data.pixels + v) * spec.classes + c
    : (n * spec.classes + c) * data.pixels + v
}

function toFirst(array: Float64Array, data: Data, classes: number): Float64Array {
  const out = new Float64Array(array.length)
  for (let n = 0; n < data.samples; n++) {
    for (let c = 0; c < classes; c++) {
      for (let v = 0; v < data.pixels; v++) {
        out[(n * classes + c) * data.pixels + v] = array[(n * data.pixels + v) * classes + c]!
      }
    }
  }
  return out
}

/** All of them. */
export const IDENTITIES: readonly Identity[] = [layout, oneHot, regions, unread, repeated, shuffled]
