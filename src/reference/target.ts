import type { CriterionSpec, EvaluateCall } from '../engine.ts'

/** Where a class of a pixel lies in the prediction (and in a per-class target, and in the gradient). */
export interface Strides {
  readonly sample: number
  readonly class: number
  readonly pixel: number
}

/** `[N, V, C]` when the class axis is the last one, else `[N, C, V]`. */
export function stridesOf(classes: number, pixels: number, channelsLast: boolean): Strides {
  return channelsLast
    ? { sample: pixels * classes, class: 1, pixel: classes }
    : { sample: classes * pixels, class: pixels, pixel: 1 }
}

/** What the target says, a pixel at a time. */
export interface TargetReader {
  /** The pixel is not to be read at all. */
  ignored(sample: number, pixel: number): boolean
  /** Fills `g[c]`: how much of the pixel belongs to class c. */
  read(sample: number, pixel: number, g: Float64Array): void
}

/** The classes that a label belongs to; `undefined`: the label is out of range. */
export type ClassesOf = (label: number) => readonly number[] | undefined

/**
 * Which classes a label belongs to. With regions: every region that lists it, and any other label is background. One class: the
 * foreground label (1, or the mask value) is class 0, and 0 is background. Else class c is label c.
 */
export function classesOf(spec: Pick<CriterionSpec, 'classes' | 'regions' | 'maskValue'>): ClassesOf {
  const background: readonly number[] = []
  const members = new Map<number, number[]>()
  const add = (label: number, c: number): void => {
    const classes = members.get(label)
    if (classes === undefined) members.set(label, [c])
    else if (!classes.includes(c)) classes.push(c)
  }
  if (spec.regions !== undefined) {
    spec.regions.forEach((labels, c) => labels.forEach((label) => add(label, c)))
    return (label) => members.get(label) ?? background
  }
  if (spec.classes === 1) {
    add(spec.maskValue ?? 1, 0)
    return (label) => members.get(label) ?? (label === 0 ? background : undefined)
  }
  for (let c = 0; c < spec.classes; c++) add(c, c)
  return (label) => members.get(label)
}

/** The reader of labels or of per-class planes, whichever the call holds. */
export function targetReader(spec: CriterionSpec, call: EvaluateCall): TargetReader {
  return call.perClass ? planeReader(spec, call) : labelReader(spec, call)
}

function labelReader(spec: CriterionSpec, call: EvaluateCall): TargetReader {
  const { target, pixels } = call
  const classes = classesOf(spec)
  return {
    ignored: (sample, pixel) => Number(target[sample * pixels + pixel]) === spec.ignoreIndex,
    read(sample, pixel, g) {
      g.fill(0)
      for (const c of classes(Number(target[sample * pixels + pixel])) ?? []) g[c] = 1
    },
  }
}

function planeReader(spec: CriterionSpec, call: EvaluateCall): TargetReader {
  const { target, pixels } = call
  const strides = stridesOf(spec.classes, pixels, call.channelsLast)
  const value = (sample: number, c: number, pixel: number): number =>
    Number(target[sample * strides.sample + c * strides.class + pixel * strides.pixel])
  const { ignoreIndex } = spec
  return {
    ignored: (sample, pixel) => ignoreIndex !== undefined && value(sample, ignoreIndex, pixel) > 0.5,
    read(sample, pixel, g) {
      for (let c = 0; c < g.length; c++) g[c] = value(sample, c, pixel)
    },
  }
}
