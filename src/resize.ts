/** Nearest-neighbor resizing of label maps, planes and weights: no value is made that was not there. */
import type { TypedArray } from './typed-array.ts'

/** How an array lies: `lead` grids of the extents `spatial`, with `trail` values a pixel. */
export interface Grids {
  readonly lead: number
  readonly spatial: readonly number[]
  readonly trail: number
}

/**
 * Resizes grids. Pixel i of n takes the one of m in which its center lies,
 *
 *     source = floor((i + ½)·m/n)
 *
 * in exact arithmetic: PyTorch's `nearest-exact`, which MONAI and nnU-Net resize targets with.
 */
export function resizeNearest<Data extends TypedArray>(data: Data, grids: Grids, to: readonly number[]): Data {
  const { lead, spatial, trail } = grids
  const sources = sourcePixels(spatial, to)
  const pixels = spatial.reduce((product, extent) => product * extent, 1)
  const Result = data.constructor as new (length: number) => Data
  const result = new Result(lead * sources.length * trail)
  let out = 0
  for (let grid = 0; grid < lead; grid += 1) {
    for (const source of sources) {
      const from = (grid * pixels + source) * trail
      for (let value = 0; value < trail; value += 1) result[out++] = data[from + value] as never
    }
  }
  return result
}

/** For each pixel of the new grid, in order, the pixel of the old one it takes. */
function sourcePixels(from: readonly number[], to: readonly number[]): Float64Array {
  let sources = Float64Array.of(0)
  for (const [axis, extent] of to.entries()) {
    const old = from[axis] as number
    const next = new Float64Array(sources.length * extent)
    let out = 0
    for (const base of sources) {
      for (let i = 0; i < extent; i += 1) next[out++] = base * old + Math.floor(((2 * i + 1) * old) / (2 * extent))
    }
    sources = next
  }
  return sources
}
