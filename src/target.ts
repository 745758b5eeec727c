/**
 * Labels or per-class: the target holds one label a pixel when its shape is the prediction's without the class axis (or
 * with a class axis of 1), and one plane a class when its shape is the prediction's. The element type never decides, but
 * where both shapes are the same (one class).
 */
import { list } from './describe.ts'
import { masklossError, type MasklossError } from './errors.ts'
import { isOneOfShapes, sameShape, type Geometry } from './layout.ts'
import { checkLength, type Tensor } from './tensor.ts'
import { lengthOf } from './typed-array.ts'

/** How a target is written. */
export type TargetKind = 'labels' | 'per-class'
/** The words of the option `target`. */
export const TARGET_KINDS: readonly TargetKind[] = ['labels', 'per-class']

/** What the options say about the target. */
export interface TargetRules {
  /** The option `target`; labels with `regions`. */
  readonly kind: TargetKind | undefined
  /** `ignoreIndex` or `maskValue` is given: with one class, floats are labels too. */
  readonly labeled: boolean
}

/**
 * Whether a target has a plane per class. Checks its shape and its length.
 *
 * With one class both readings have the same shape: integers are labels; floats are the foreground's plane, which is the
 * same for 0 and 1 and lets soft values through, unless `ignoreIndex` or `maskValue` speaks of labels.
 */
export function isPerClass(target: Tensor, geometry: Geometry, rules: TargetRules): boolean {
  const { shape, data } = target
  const labelLength = geometry.samples * geometry.pixels
  const length = shape === undefined ? lengthOf(data) : -1
  const asLabels = shape === undefined ? length === labelLength : isOneOfShapes(shape, geometry.labelShapes)
  const asPlanes = shape === undefined ? length === geometry.length : isOneOfShapes(shape, geometry.classShapes)
  let perClass = asPlanes
  if (rules.kind !== undefined) {
    perClass = rules.kind === 'per-class'
    if (!(perClass ? asPlanes : asLabels)) throw mismatch(target, geometry, rules.kind)
  } else if (asLabels && asPlanes) {
    perClass = !rules.labeled && target.dtype.startsWith('float')
  } else if (!asLabels && !asPlanes) {
    throw mismatch(target, geometry, undefined)
  }
  if (shape !== undefined) checkLength(data, perClass ? geometry.length : labelLength, shape, 'target')
  return perClass
}

/** Checks that a tensor has one value a pixel: the shape of a label map. */
export function checkPixelShape(tensor: Tensor, geometry: Geometry, argument: string): void {
  const { shape, data } = tensor
  const expected = geometry.labelShapes[0] as readonly number[]
  if (shape !== undefined && !isOneOfShapes(shape, geometry.labelShapes)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument,
      expected: `the shape ${list(expected)}`,
      actual: list(shape),
      remedy: 'pass one value a pixel',
    })
  }
  checkLength(data, geometry.samples * geometry.pixels, shape ?? expected, argument)
}

function mismatch(target: Tensor, geometry: Geometry, kind: TargetKind | undefined): MasklossError {
  const { shape, data } = target
  const labelShape = geometry.labelShapes[0] as readonly number[]
  const length = lengthOf(data)
  // A detached buffer has no length either way: say that instead.
  if (length === 0) checkLength(data, geometry.samples * geometry.pixels, labelShape, 'target')
  const bare = shape === undefined
  const labels = `labels of shape ${list(labelShape)}${bare ? ` (${geometry.samples * geometry.pixels} elements)` : ''}`
  const planes = `planes of shape ${list(geometry.shape)}${bare ? ` (${geometry.length} elements)` : ''}`
  return masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'target',
    expected: kind === undefined ? `${labels} or ${planes}` : kind === 'labels' ? labels : planes,
    actual: bare ? `${length} elements` : list(shape),
    remedy: remedyFor(target, geometry, length),
  })
}

function remedyFor(target: Tensor, geometry: Geometry, length: number): string {
  const { shape } = geometry
  const swapped = shape.slice(0, -1)
  const last = shape.at(-1) as number
  const fitsSwapped = target.shape === undefined ? length * last === geometry.length : sameShape(target.shape, swapped)
  if (geometry.defaulted && fitsSwapped) {
    return `the target fits a prediction whose classes come last, pass layout: '${geometry.layout === 'NCHW' ? 'NHWC' : 'NDHWC'}'`
  }
  if (target.image && target.shape?.length === 3)
    return 'a label image has one channel: pass its indices, not its colors'
  return 'the prediction comes first, the target second, and both cover the same pixels'
}
