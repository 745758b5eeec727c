/** How a prediction is read beside its reference: as labels or as class scores, and along which axes. */

import type { FileTensor } from '../files/tensor.ts'
import type { Layout } from '../index.ts'
import { CaseFault } from './fault.ts'
import type { ScoreOptions } from './options.ts'

/** What the functions of maskloss are told. */
export interface Reading {
  /** `labels`: a label map; `scores`: one plane a class. */
  readonly kind: 'labels' | 'scores'
  readonly classes: number
  readonly layout: Layout
  /** The prediction's shape by this layout. */
  readonly shape: readonly number[]
  /** The reference's. */
  readonly pixels: readonly number[]
}

const spatialLayouts = ['', 'W', 'HW', 'DHW'] as const

/** Axes of length 1 in front hold nothing: `[1, H, W]` has the pixels of `[H, W]`, in the same order. */
function squeezed(shape: readonly number[]): readonly number[] {
  const first = shape.findIndex((size) => size !== 1)
  return first < 0 ? shape.slice(-1) : shape.slice(first)
}

const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join()

function isFloating(tensor: FileTensor): boolean {
  return tensor.data instanceof Float32Array || tensor.data instanceof Float64Array
}

/**
 * A prediction of the reference's shape is a label map, or with an activation and floating-point values the probability
 * or logit of one foreground class. One with an axis more holds class scores; this axis is the first or, by the layout,
 * the last.
 */
export function readingOf(
  prediction: FileTensor,
  reference: FileTensor,
  { activation, layout }: Pick<ScoreOptions, 'activation' | 'layout'>,
): Reading {
  const squeezedPixels = squeezed(reference.shape)
  const count = squeezedPixels.reduce((product, size) => product * size, 1)
  const pixels = squeezedPixels.length <= 3 && squeezedPixels.length > 0 ? squeezedPixels : [count]
  const spatial = spatialLayouts[pixels.length as 1 | 2 | 3]
  const scores = (classes: number, last: boolean): Reading => ({
    kind: 'scores',
    classes,
    layout: last ? (`${spatial}C` as Layout) : (`C${spatial}` as Layout),
    shape: last ? [...pixels, classes] : [classes, ...pixels],
    pixels,
  })

  if (same(squeezed(prediction.shape), squeezedPixels)) {
    if (activation !== undefined && isFloating(prediction)) return scores(1, false)
    return { kind: 'labels', classes: 1, layout: spatial, shape: pixels, pixels }
  }
  let shape = prediction.shape
  if (layout !== undefined && layout.length !== shape.length) throw mismatch(prediction, reference, layout)
  if (layout === undefined) {
    while (shape.length > reference.shape.length + 1 && shape[0] === 1) shape = shape.slice(1)
  } else if (layout.startsWith('N')) {
    if (shape[0] !== 1) throw mismatch(prediction, reference, layout)
    shape = shape.slice(1)
  }
  const last = layout?.endsWith('C') === true
  const classes = (last ? shape.at(-1) : shape[0]) ?? 1
  const planes = last ? shape.slice(0, -1) : shape.slice(1)
  if (!same(squeezed(planes), squeezedPixels)) throw mismatch(prediction, reference, layout)
  return scores(classes, last)
}

/** The sentence says what would make the shapes fit, where something would. */
function mismatch(prediction: FileTensor, reference: FileTensor, layout: string | undefined): CaseFault {
  const shape = `[${reference.shape.join(', ')}]`
  const found = `[${prediction.shape.join(', ')}]${layout === undefined ? '' : ` with --layout ${layout}`}`
  return new CaseFault('shape-mismatch', `the reference's shape ${shape}, or a class axis more,`, found, remedy())

  function remedy(): string {
    const pixels = squeezed(reference.shape)
    if (layout === undefined && same(squeezed(prediction.shape.slice(0, -1)), pixels)) {
      return `pass --layout ${spatialLayouts[prediction.shape.length - 1] ?? '…'}C if its last axis is the classes`
    }
    if (layout === undefined && same(squeezed(prediction.shape.toReversed()), pixels)) {
      return 'its axes seem to be in reverse: volumes are compared as [z, y, x]'
    }
    return 'both must cover the same pixels'
  }
}

/** How far apart, in voxels, two volumes may put the same voxel: headers are rounded. */
const tolerance = 0.01

/** Refuses volumes that lie at different places in space. */
export function checkAffine(prediction: FileTensor, reference: FileTensor): void {
  const { affine: given } = prediction
  const { affine: wanted } = reference
  if (given === undefined || wanted === undefined) return
  // The corner furthest from the first voxel is where a difference in direction or size shows most.
  const extents = reference.shape.toReversed()
  const edges = [0, 1, 2].map((axis) => Math.hypot(...[0, 1, 2].map((row) => wanted[4 * row + axis] as number)))
  const voxel = Math.min(...edges.filter((edge) => edge > 0))
  let worst = 0
  for (let row = 0; row < 3; row++) {
    const difference = (column: number) =>
      Math.abs((given[4 * row + column] as number) - (wanted[4 * row + column] as number))
    let distance = difference(3)
    for (let axis = 0; axis < 3; axis++) distance += difference(axis) * ((extents[axis] ?? 1) - 1)
    worst = Math.max(worst, distance)
  }
  if (worst <= tolerance * voxel) return
  const found = `voxels up to ${Number(worst.toPrecision(3))} mm away`
  const remedy = 'resample one to the other, or pass --ignore-affine'
  throw new CaseFault('affine-mismatch', "the reference's place in space", found, remedy)
}
