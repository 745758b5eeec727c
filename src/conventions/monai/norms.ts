/** Soft labels below 0, or of predictions that are: MONAI then sums |p|, |g| and |p − g|, where an engine sums p and g. */
import type { FloatArray } from '../../engine.ts'
import { channelsFirst, labelPlanes, type LabelPlanes } from '../arrange.ts'
import { activated, arrayLike, size, step, type Path } from '../path.ts'
import type { Activated, Tensors } from './common.ts'

/** Tensors behind the activation that is left. */
interface Signed extends Tensors, Activated {}

/**
 * The same tensors with twice the pixels where some p or g is negative: a pixel of what is positive in p and g, and one of what is
 * negative, so that `p⁺ + p⁻ = |p|` and `|p⁺ − g⁺| + |p⁻ − g⁻| = |p − g|`. The activation is then TypeScript's.
 */
export function withNorms(tensors: Signed): Signed {
  const { grid, activation } = tensors
  const { samples, classes, pixels } = grid
  if (!hasNegative(tensors)) return tensors
  const { planes, counts } = planesOf(tensors)
  const pixelWeights = new Float64Array(2 * counts.length)
  for (let index = 0; index < counts.length; index += 1) {
    const first = index + Math.floor(index / pixels) * pixels
    pixelWeights[first] = pixelWeights[first + pixels] = counts[index] as number
  }
  const parts = signParts({ data: planes, shape: [samples, classes, pixels], back: undefined })
  return {
    grid: channelsFirst(signParts(activated(grid.path, activation, pixels, classes))),
    activation: 'none',
    target: { target: parts.data, perClass: true },
    pixelWeights,
    ignoreIndex: undefined,
  }
}

/** Whether some g, or some p that no activation makes positive, is negative. */
function hasNegative({ grid, activation, target }: Signed): boolean {
  return hasNegativeTarget(target) || (activation === 'none' && grid.path.data.some((p) => p < 0))
}

/** Whether some g is negative. Labels are none of them. */
export function hasNegativeTarget({ target, perClass }: Tensors['target']): boolean {
  return perClass && (target as FloatArray).some((g) => g < 0)
}

/**
 * `[N, C, 2·V]`: the positive parts of each plane, then the negative ones. At p = 0 either part has slope, and the derivative of the
 * value, from both sides, is the one minus the other.
 */
function signParts(path: Path): Path {
  const [samples, classes, ...spatial] = path.shape as [number, number, ...number[]]
  const pixels = size(spatial)
  const { data: from } = path
  const data = arrayLike(from, 2 * from.length)
  const positive = (index: number): number => index + Math.floor(index / pixels) * pixels
  for (let index = 0; index < from.length; index += 1) {
    data[positive(index)] = Math.max(from[index] as number, 0)
    data[positive(index) + pixels] = Math.max(-(from[index] as number), 0)
  }
  return step(path, data, [samples, classes, 2 * pixels], (gradient) => {
    const result = arrayLike(gradient, from.length)
    for (let index = 0; index < result.length; index += 1) {
      const [up, down] = [gradient[positive(index)] as number, gradient[positive(index) + pixels] as number]
      const p = from[index] as number
      result[index] = p > 0 ? up : p < 0 ? -down : up - down
    }
    return result
  })
}

/** The target as planes, and a weight for each pixel. */
function planesOf({ grid, target, pixelWeights, ignoreIndex }: Tensors): LabelPlanes {
  const { classes, pixels } = grid
  if (!target.perClass) {
    return labelPlanes(target.target, grid, pixelWeights, ignoreIndex, (c, label) => Number(c === label))
  }
  const planes = Float64Array.from(target.target as FloatArray)
  const counts = Float64Array.from({ length: planes.length / classes }, (_, index) => {
    const first = Math.floor(index / pixels) * classes * pixels + (index % pixels)
    const isIgnored = ignoreIndex !== undefined && (planes[first + ignoreIndex * pixels] as number) > 0.5
    return isIgnored ? 0 : (pixelWeights?.[index] ?? 1)
  })
  return { planes, counts }
}
