/** From the decompressed bytes of a PNG image to its values: filters, packed bits, interlacing. */

import { corrupt } from './error.ts'

/** What IHDR says of an image of one channel. */
export interface ImageForm {
  readonly width: number
  readonly height: number
  /** Bits of a value. */
  readonly depth: number
  readonly interlaced: boolean
}

/** An image, or one of the seven reduced ones of Adam7: its pixel (i, j) is pixel (x + i·dx, y + j·dy) of the whole. */
interface Pass {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  readonly width: number
  readonly height: number
  readonly lineBytes: number
}

const whole = [[0, 0, 1, 1]] as const
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** The passes of an image, and the bytes they take: each line has its filter in front. */
export function passesOf({ width, height, depth, interlaced }: ImageForm): { passes: Pass[]; length: number } {
  const passes = (interlaced ? adam7 : whole)
    .map(([x, y, dx, dy]) => {
      const columns = Math.ceil((width - x) / dx)
      const rows = Math.ceil((height - y) / dy)
      return { x, y, dx, dy, width: columns, height: rows, lineBytes: Math.ceil((columns * depth) / 8) }
    })
    .filter((pass) => pass.width > 0 && pass.height > 0)
  return { passes, length: passes.reduce((sum, pass) => sum + pass.height * (pass.lineBytes + 1), 0) }
}

/** The Paeth predictor: which of left, up and upper left is nearest to left + up − upper left. */
function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Undoes the filter of `line` in place; `above` is the line before it, undone, or zeros. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) throw corrupt('a sound PNG image', `filter ${filter}`)
  if (filter === 0) return
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : (line[i - step] as number)
    const up = above[i] as number
    let predicted: number
    if (filter === 1) predicted = left
    else if (filter === 2) predicted = up
    else if (filter === 3) predicted = (left + up) >> 1
    else predicted = paeth(left, up, i < step ? 0 : (above[i - step] as number))
    line[i] = (line[i] as number) + predicted
  }
}

/** The values of an image in `raw`, one byte each, or two (the high one first) at 16 bits. `raw` is overwritten. */
export function readValues(form: ImageForm, passes: readonly Pass[], raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const { width, height, depth } = form
  const size = depth === 16 ? 2 : 1
  const values = new Uint8Array(width * height * size)
  const mask = (1 << Math.min(depth, 8)) - 1
  let at = 0
  for (const pass of passes) {
    let above = new Uint8Array(pass.lineBytes)
    for (let j = 0; j < pass.height; j++) {
      const line = raw.subarray(at + 1, at + 1 + pass.lineBytes) as Uint8Array<ArrayBuffer>
      unfilter(raw[at] as number, line, above, size)
      above = line
      at += pass.lineBytes + 1
      const row = (pass.y + j * pass.dy) * width + pass.x
      if (pass.dx === 1 && depth >= 8) {
        values.set(line, row * size)
        continue
      }
      for (let i = 0; i < pass.width; i++) {
        const target = row + i * pass.dx
        if (size === 2) {
          values[target * 2] = line[i * 2] as number
          values[target * 2 + 1] = line[i * 2 + 1] as number
        } else {
          const bit = i * depth
          values[target] = ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask
        }
      }
    }
  }
  return values
}
