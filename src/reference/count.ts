import type { CountCall, Fault, LabelArray } from '../engine.ts'
import { type ClassesOf, classesOf, stridesOf } from './target.ts'

/** Membership of the regions, a pixel at a time: fills `inside[k]`, or returns the value that is no label. */
type Membership = (sample: number, pixel: number, inside: Uint8Array) => number | undefined

/** Fills `counts` (true positives, predicted and reference pixels per sample and region) and `valid`. */
export function count(call: CountCall): Fault | undefined {
  const K = call.regions.length
  const predicted = predictionMembership(call)
  const reference = referenceMembership(call)
  const inPrediction = new Uint8Array(K)
  const inReference = new Uint8Array(K)
  const counts = new Float64Array(call.samples * K * 3)
  const valid = new Float64Array(call.samples)
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      if (isIgnored(call, sample, pixel)) continue
      const value = reference(sample, pixel, inReference) ?? predicted(sample, pixel, inPrediction)
      if (value !== undefined) return { fault: 'label-not-integer', value, sample, class: 0, pixel }
      valid[sample]!++
      for (let k = 0; k < K; k++) {
        const cell = (sample * K + k) * 3
        if (inPrediction[k] === 1 && inReference[k] === 1) counts[cell]!++
        if (inPrediction[k] === 1) counts[cell + 1]!++
        if (inReference[k] === 1) counts[cell + 2]!++
      }
    }
  }
  call.counts.set(counts)
  call.valid.set(valid)
  return undefined
}

/** The distinct labels of a map, ascending. */
export function labels(map: LabelArray): number[] {
  const found = new Set<number>()
  for (const label of map) found.add(Number(label))
  return [...found].toSorted((a, b) => a - b)
}

function isIgnored(call: CountCall, sample: number, pixel: number): boolean {
  if (call.ignoreIndex === undefined) return false
  if (!call.perClass) return Number(call.reference[sample * call.pixels + pixel]) === call.ignoreIndex
  return plane(call, call.reference, call.regions.length, sample, call.ignoreIndex, pixel) > 0.5
}

/** The value of plane k at a pixel, in the layout of the prediction. */
function plane(call: CountCall, data: LabelArray, planes: number, sample: number, k: number, pixel: number): number {
  const strides = stridesOf(planes, call.pixels, call.channelsLast)
  return Number(data[sample * strides.sample + k * strides.class + pixel * strides.pixel])
}

function predictionMembership(call: CountCall): Membership {
  const { prediction, classes, kind } = call
  if (kind === 'labels') return labelMembership(call, prediction)
  if (kind === 'threshold') {
    return (sample, pixel, inside) => {
      for (let k = 0; k < inside.length; k++) {
        inside[k] = plane(call, prediction, classes, sample, k, pixel) > call.threshold ? 1 : 0
      }
      return undefined
    }
  }
  const regions = regionsOf(call)
  return (sample, pixel, inside) => {
    let label = 0
    let largest = -Infinity
    for (let c = 0; c < classes; c++) {
      const value = plane(call, prediction, classes, sample, c, pixel)
      // Strictly greater: of equal classes the lowest one wins, and NaN never does.
      if (value > largest) {
        largest = value
        label = c
      }
    }
    mark(regions, label, inside)
    return undefined
  }
}

function referenceMembership(call: CountCall): Membership {
  const { reference, regions } = call
  if (!call.perClass) return labelMembership(call, reference)
  return (sample, pixel, inside) => {
    for (let k = 0; k < inside.length; k++) {
      inside[k] = plane(call, reference, regions.length, sample, k, pixel) > 0.5 ? 1 : 0
    }
    return undefined
  }
}

function labelMembership(call: CountCall, map: LabelArray): Membership {
  const regions = regionsOf(call)
  return (sample, pixel, inside) => {
    const label = Number(map[sample * call.pixels + pixel])
    if (!Number.isInteger(label)) return label
    mark(regions, label, inside)
    return undefined
  }
}

/** The regions that list a label. */
function regionsOf({ regions }: CountCall): ClassesOf {
  return classesOf({ classes: regions.length, regions, maskValue: undefined })
}

function mark(regions: ClassesOf, label: number, inside: Uint8Array): void {
  inside.fill(0)
  for (const k of regions(label) ?? []) inside[k] = 1
}
