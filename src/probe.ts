/**
 * Looks at a bounded number of values, evenly spread, for two silent mistakes: classes that lie on the last axis where
 * axis 1 was taken, and probabilities where logits were expected.
 */
import type { Activation, FloatArray, PlaneArray } from './engine.ts'
import type { Geometry } from './layout.ts'

const PROBES = 64
const FEWEST = 8
const LONGEST_SUM = 4096
const TOLERANCE = 1e-3

/** Whether `count` values from `start` on, `stride` apart, are probabilities that sum to one. */
function sumsToOne(data: PlaneArray, start: number, stride: number, count: number): boolean {
  let sum = 0
  for (let index = 0; index < count; index += 1) {
    const value = data[start + index * stride] as number
    if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) return false
    sum += value
  }
  return Math.abs(sum - 1) <= TOLERANCE
}

/** Whether at every probed pixel the classes sum to one. */
function classesSumToOne(data: PlaneArray, geometry: Geometry): boolean {
  const { classes, pixels, channelsLast } = geometry
  const total = geometry.samples * pixels
  const probes = Math.min(PROBES, total)
  for (let probe = 0; probe < probes; probe += 1) {
    const index = Math.floor((probe * total) / probes)
    const sample = Math.floor(index / pixels)
    const start = channelsLast ? index * classes : sample * classes * pixels + (index - sample * pixels)
    if (!sumsToOne(data, start, channelsLast ? 1 : pixels, classes)) return false
  }
  return true
}

/** Channels first was assumed: whether the values sum to one over the last axis, but not over axis 1. */
export function looksChannelsLast(data: PlaneArray, geometry: Geometry): boolean {
  const width = geometry.shape.at(-1) as number
  if (geometry.classes < 2 || width < 2 || Math.max(width, geometry.classes) > LONGEST_SUM) return false
  const rows = geometry.length / width
  const probes = Math.min(PROBES, rows)
  for (let probe = 0; probe < probes; probe += 1) {
    if (!sumsToOne(data, Math.floor((probe * rows) / probes) * width, 1, width)) return false
  }
  return !classesSumToOne(data, geometry)
}

/** Whether a prediction looks as if the activation had been applied already. */
export function looksActivated(data: FloatArray, geometry: Geometry, activation: Activation): boolean {
  if (geometry.samples * geometry.pixels < FEWEST) return false
  if (activation === 'softmax') return geometry.classes <= LONGEST_SUM && classesSumToOne(data, geometry)
  const probes = Math.min(PROBES, geometry.length)
  let least = Infinity
  let most = -Infinity
  for (let probe = 0; probe < probes; probe += 1) {
    const value = data[Math.floor((probe * geometry.length) / probes)] as number
    if (!(value >= 0 && value <= 1)) return false
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  // A constant says nothing: the logits of an untrained network may all be 0.
  return least < most
}
