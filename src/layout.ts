/** From axis letters and a shape to samples, classes and pixels. */
import { alternatives, describe, list } from './describe.ts'
import { masklossError } from './errors.ts'

/**
 * The axes by letter: N samples, C classes, then D, H, W. Without N there is one sample, without C one class (the
 * foreground). C stands before or after all spatial axes.
 */
export type Layout =
  | 'NC'
  | 'W'
  | 'NW'
  | 'CW'
  | 'WC'
  | 'NCW'
  | 'NWC'
  | 'HW'
  | 'NHW'
  | 'CHW'
  | 'HWC'
  | 'NCHW'
  | 'NHWC'
  | 'DHW'
  | 'NDHW'
  | 'CDHW'
  | 'DHWC'
  | 'NCDHW'
  | 'NDHWC'

/** Every layout. */
export const LAYOUTS: readonly Layout[] = [
  'NC',
  'W',
  'NW',
  'CW',
  'WC',
  'NCW',
  'NWC',
  'HW',
  'NHW',
  'CHW',
  'HWC',
  'NCHW',
  'NHWC',
  'DHW',
  'NDHW',
  'CDHW',
  'DHWC',
  'NCDHW',
  'NDHWC',
]

/** A prediction's shape, read by its layout. */
export interface Geometry {
  readonly layout: Layout
  /** The layout was not given: it is the default of this rank, so the data may contradict it. */
  readonly defaulted: boolean
  readonly shape: readonly number[]
  /** The product of the shape. */
  readonly length: number
  readonly samples: number
  readonly classes: number
  /** The pixels of one plane. */
  readonly pixels: number
  readonly channelsLast: boolean
  /** The spatial extents, in order. */
  readonly spatial: readonly number[]
  /** The shapes a label map may have: without the class axis; with a class axis of 1; with one sample also without N. */
  readonly labelShapes: readonly (readonly number[])[]
  /** The shapes a per-class target may have: the prediction's; with one sample also without N. */
  readonly classShapes: readonly (readonly number[])[]
}

const DEFAULTS: readonly (Layout | undefined)[] = [undefined, undefined, undefined, undefined, 'NCHW', 'NCDHW']

/**
 * Reads a shape by its layout.
 * @param image - An image object: HWC (HW without channels) unless the layout says otherwise.
 */
export function geometryOf(shape: readonly number[], layout: Layout | undefined, image: boolean): Geometry {
  const axes = layout ?? (image ? (shape.length === 2 ? 'HW' : 'HWC') : DEFAULTS[shape.length])
  if (axes === undefined) throw missingLayout(shape)
  if (axes.length !== shape.length) throw wrongRank(shape, axes)

  const at = (letter: string): number => {
    const axis = axes.indexOf(letter)
    return axis < 0 ? 1 : (shape[axis] as number)
  }
  const spatial = shape.filter((_, axis) => axes[axis] !== 'N' && axes[axis] !== 'C')
  const product = (extents: readonly number[]): number => extents.reduce((result, extent) => result * extent, 1)
  const samples = at('N')
  const classes = at('C')
  const pixels = product(spatial)
  const hasSamples = axes.startsWith('N')
  const channelsLast = axes.endsWith('C') && axes !== 'NC'
  const lead = hasSamples ? [samples] : []
  const labelShapes = [[...lead, ...spatial]]
  labelShapes.push(channelsLast ? [...lead, ...spatial, 1] : [...lead, 1, ...spatial])
  const classShapes = [[...shape]]
  if (hasSamples && samples === 1) {
    labelShapes.push(spatial, channelsLast ? [...spatial, 1] : [1, ...spatial])
    classShapes.push(shape.slice(1))
  }
  return {
    layout: axes,
    defaulted: layout === undefined && !image,
    shape: [...shape],
    length: product(shape),
    samples,
    classes,
    pixels,
    channelsLast,
    spatial,
    labelShapes,
    classShapes,
  }
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis += 1) if (a[axis] !== b[axis]) return false
  return true
}

/** Whether a shape is one of several. */
export function isOneOfShapes(shape: readonly number[], shapes: readonly (readonly number[])[]): boolean {
  for (let index = 0; index < shapes.length; index += 1) {
    if (sameShape(shape, shapes[index] as readonly number[])) return true
  }
  return false
}

/** The coordinates of a pixel in its plane. */
export function coordinates(pixel: number, spatial: readonly number[]): number[] {
  const result: number[] = []
  let rest = pixel
  for (let axis = spatial.length - 1; axis >= 0; axis -= 1) {
    const extent = spatial[axis] as number
    result.unshift(rest % extent)
    rest = Math.floor(rest / extent)
  }
  return result
}

function fitting(rank: number): string {
  return alternatives(LAYOUTS.filter((layout) => layout.length === rank))
}

function missingLayout(shape: readonly number[]): Error {
  const rank = shape.length
  return masklossError({
    code: 'ERR_MASKLOSS_LAYOUT',
    argument: 'layout',
    expected: rank <= 5 ? fitting(rank) : `at most 5 axes`,
    actual: rank <= 5 ? `nothing, with a prediction of shape ${list(shape)}` : `a prediction of shape ${list(shape)}`,
    remedy:
      rank <= 5 ? 'say what the axes are: only 4 and 5 axes have a default (NCHW, NCDHW)' : 'reshape the prediction',
  })
}

function wrongRank(shape: readonly number[], layout: Layout): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_LAYOUT',
    argument: 'layout',
    expected: shape.length <= 5 ? fitting(shape.length) : 'at most 5 axes',
    actual: `${describe(layout)} with a prediction of shape ${list(shape)}`,
    remedy: 'name every axis of the prediction by one letter',
  })
}
