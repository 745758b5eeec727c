/** PNG label maps: grey values or palette indices as they are stored. https://www.w3.org/TR/png-3/ */

import * as zlib from 'node:zlib'

import { elements } from './element.ts'
import { badChecksum, corrupt, notSupported, oversized, trailingData, truncated } from './error.ts'
import { inflateExactly } from './inflate.ts'
import { checkedBytes } from './limits.ts'
import { passesOf, readValues, type ImageForm } from './png-image.ts'
import type { FileLimits, FileTensor } from './tensor.ts'

const signatureLength = 8
const maxExtent = 2 ** 31 - 1
const grey = 0
const palette = 3
const colorNames = new Map([
  [2, 'RGB'],
  [4, 'grey with alpha'],
  [6, 'RGB with alpha'],
])

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
}

/**
 * The chunks up to IEND. Critical ones (their name begins with a capital) must have the right checksum; ancillary ones
 * (gamma, color profile, transparency, text) do not change a label and are passed over.
 */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = signatureLength
  for (;;) {
    if (start + 12 > bytes.length) throw truncated('the whole PNG image', 'an early end')
    const length = view.getUint32(start, false)
    const end = start + 8 + length
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8))
    if (!/^[A-Za-z]{4}$/.test(type) || length > maxExtent) throw corrupt('a sound PNG image', 'bytes that are no chunk')
    if (end + 4 > bytes.length) throw truncated('the whole PNG image', 'an early end')
    const critical = type < 'a'
    if (critical && zlib.crc32(bytes.subarray(start + 4, end)) !== view.getUint32(end, false)) {
      throw badChecksum('a PNG chunk')
    }
    start = end + 4
    if (type === 'acTL') throw notSupported('one image', 'an animation', 'save each frame as a file of its own')
    if (type === 'IEND') {
      if (start < bytes.length) throw trailingData('the end of the PNG file', 'more bytes')
      return
    }
    if (critical) yield { type, data: bytes.subarray(end - length, end) }
  }
}

function parseForm(data: Uint8Array): ImageForm {
  const sound = (condition: boolean, found: string) => {
    if (!condition) throw corrupt('a sound PNG image', found)
  }
  sound(data.length === 13, `${data.length} bytes of IHDR`)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const width = view.getUint32(0, false)
  const height = view.getUint32(4, false)
  const [depth, color, compression, filter, interlace] = Array.from(data.subarray(8)) as [number, number, ...number[]]
  sound(width >= 1 && height >= 1 && width <= maxExtent && height <= maxExtent, `${width} × ${height} pixels`)
  sound([1, 2, 4, 8, 16].includes(depth) && !(color === palette && depth === 16), `${depth} bits`)
  sound(compression === 0 && filter === 0, `methods ${compression} and ${filter}`)
  sound(interlace === 0 || interlace === 1, `interlacing ${interlace}`)
  sound(color === grey || color === palette || colorNames.has(color), `color type ${color}`)
  if (color !== grey && color !== palette) {
    const remedy = 'save the label map as 8-bit or 16-bit grey, or with a palette'
    throw notSupported('a grey or palette PNG, whose values are the labels', `${colorNames.get(color)} pixels`, remedy)
  }
  return { width, height, depth, interlaced: interlace === 1 }
}

/** Reads an image. */
export async function decodePng(bytes: Uint8Array<ArrayBuffer>, limits: FileLimits): Promise<FileTensor> {
  let form: ImageForm | undefined
  const parts: Uint8Array[] = []
  for (const { type, data } of chunksOf(bytes)) {
    if ((type === 'IHDR') !== (form === undefined)) throw corrupt('one IHDR chunk, first', type)
    if (type === 'IHDR') form = checkedForm(parseForm(data), limits)
    else if (type === 'IDAT') parts.push(data)
    else if (type !== 'PLTE') throw corrupt('a sound PNG image', `the critical chunk ${type}`)
  }
  if (form === undefined || parts.length === 0) throw corrupt('IHDR and IDAT chunks', 'none')
  const { passes, length } = passesOf(form)
  const compressed = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
  const raw = await inflateExactly(compressed, 'zlib', length, 'image data')
  const values = readValues(form, passes, raw)
  const data = form.depth === 16 ? elements(values, 'u2', false) : values
  return { format: 'png', data, shape: [form.height, form.width] }
}

function checkedForm(form: ImageForm, limits: FileLimits): ImageForm {
  const pixels = form.width * form.height
  if (pixels > limits.maxPixels) throw oversized('pixels', pixels, limits.maxPixels)
  const size = form.depth === 16 ? 2 : 1
  checkedBytes('IHDR', [form.height, form.width], size, size, limits)
  return form
}
