/** Writers of the formats that maskloss reads, for tests only; each follows the format's own text, not the readers. */

import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'

export const concat = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts))
export const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

/** The bytes of numbers in a NumPy element type, for example `<i2`. Halves are given as their bits. */
export function pack(type: string, values: readonly (number | bigint)[]): Uint8Array {
  const little = type[0] !== '>'
  const size = Number(type.slice(2))
  const view = new DataView(new ArrayBuffer(values.length * size))
  values.forEach((value, index) => {
    const at = index * size
    const kind = type.slice(1)
    if (kind === 'b1' || kind === 'u1') view.setUint8(at, Number(value))
    else if (kind === 'i1') view.setInt8(at, Number(value))
    else if (kind === 'u2' || kind === 'f2') view.setUint16(at, Number(value), little)
    else if (kind === 'i2') view.setInt16(at, Number(value), little)
    else if (kind === 'u4') view.setUint32(at, Number(value), little)
    else if (kind === 'i4') view.setInt32(at, Number(value), little)
    else if (kind === 'u8') view.setBigUint64(at, BigInt(value), little)
    else if (kind === 'i8') view.setBigInt64(at, BigInt(value), little)
    else if (kind === 'f4') view.setFloat32(at, Number(value), little)
    else view.setFloat64(at, Number(value), little)
  })
  return new Uint8Array(view.buffer)
}

/** A `.npy` file around a header text, padded as NumPy pads it. */
export function npyOf(header: string, data: Uint8Array, version = 1): Uint8Array<ArrayBuffer> {
  const start = version === 1 ? 10 : 12
  const padded = `${header}${' '.repeat((64 - ((start + header.length + 1) % 64)) % 64)}\n`
  const length = version === 1 ? pack('<u2', [padded.length]) : pack('<u4', [padded.length])
  return concat(Uint8Array.of(0x93), ascii('NUMPY'), Uint8Array.of(version, 0), length, ascii(padded), data)
}

export function npy(
  type: string,
  shape: readonly number[],
  values: readonly (number | bigint)[],
  { fortran = false, version = 1 } = {},
): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const header = `{'descr': '${type}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`
  return npyOf(header, pack(type, values), version)
}

export interface NiftiOptions {
  version?: 1 | 2
  little?: boolean
  /** Along x first. */
  dims: readonly number[]
  datatype: number
  type: string
  values: readonly (number | bigint)[]
  slope?: number
  intercept?: number
  sform?: readonly number[]
  quaternion?: { b: number; c: number; d: number; offset: readonly number[]; handedness: number }
  spacing?: readonly number[]
  extension?: number
  voxelOffset?: number
  rank?: number
  bitpix?: number
  magic?: string
}

/** A `.nii` file. */
export function nifti(options: NiftiOptions): Uint8Array<ArrayBuffer> {
  const { version = 1, little = true, dims, datatype, type, values, slope = 1, intercept = 0, extension = 0 } = options
  const length = version === 1 ? 348 : 540
  const offset = options.voxelOffset ?? length + 4 + extension
  const header = new DataView(new ArrayBuffer(length + 4 + extension))
  const bytes = new Uint8Array(header.buffer)
  header.setInt32(0, length, little)
  const spacing = [options.quaternion?.handedness ?? 1, ...(options.spacing ?? dims.map(() => 1))]
  const quaternion = options.quaternion
  const extents = [options.rank ?? dims.length, ...dims]
  while (extents.length < 8) extents.push(1)
  const bitpix = options.bitpix ?? Number(type.slice(1)) * 8
  if (version === 1) {
    bytes.set(ascii(options.magic ?? 'n+1\0'), 344)
    extents.forEach((extent, index) => header.setInt16(40 + 2 * index, extent, little))
    header.setInt16(70, datatype, little)
    header.setInt16(72, bitpix, little)
    spacing.forEach((value, index) => header.setFloat32(76 + 4 * index, value, little))
    header.setFloat32(108, offset, little)
    header.setFloat32(112, slope, little)
    header.setFloat32(116, intercept, little)
    header.setInt16(252, quaternion ? 1 : 0, little)
    header.setInt16(254, options.sform ? 2 : 0, little)
    if (quaternion) {
      ;[quaternion.b, quaternion.c, quaternion.d, ...quaternion.offset].forEach((value, index) =>
        header.setFloat32(256 + 4 * index, value, little),
      )
    }
    options.sform?.forEach((value, index) => header.setFloat32(280 + 4 * index, value, little))
  } else {
    bytes.set(ascii(options.magic ?? 'n+2\0\r\n\x1a\n'), 4)
    header.setInt16(12, datatype, little)
    header.setInt16(14, bitpix, little)
    extents.forEach((extent, index) => header.setBigInt64(16 + 8 * index, BigInt(extent), little))
    spacing.forEach((value, index) => header.setFloat64(104 + 8 * index, value, little))
    header.setBigInt64(168, BigInt(offset), little)
    header.setFloat64(176, slope, little)
    header.setFloat64(184, intercept, little)
    header.setInt32(344, quaternion ? 1 : 0, little)
    header.setInt32(348, options.sform ? 2 : 0, little)
    if (quaternion) {
      ;[quaternion.b, quaternion.c, quaternion.d, ...quaternion.offset].forEach((value, index) =>
        header.setFloat64(352 + 8 * index, value, little),
      )
    }
    options.sform?.forEach((value, index) => header.setFloat64(400 + 8 * index, value, little))
  }
  return concat(bytes, pack(`${little ? '<' : '>'}${type}`, values))
}

export const gzip = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(bytes))

export interface ZipFile {
  name: string
  data: Uint8Array
  deflate?: boolean
  /** Sizes in zip64 fields, as `numpy.savez` writes them. */
  wide?: boolean
  crc?: number
  size?: number
  method?: number
  flags?: number
}

/** A zip archive. */
export function zip(files: readonly ZipFile[], comment = ''): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const file of files) {
    const raw = file.deflate ? new Uint8Array(deflateRawSync(file.data)) : file.data
    const method = file.method ?? (file.deflate ? 8 : 0)
    const crc = file.crc ?? crc32(file.data)
    const size = file.size ?? file.data.length
    const wide = file.wide
      ? concat(pack('<u2', [1, 16]), pack('<u8', [BigInt(size), BigInt(raw.length)]))
      : new Uint8Array(0)
    const sizes = file.wide ? [0xffffffff, 0xffffffff] : [raw.length, size]
    const common = concat(
      pack('<u2', [20, file.flags ?? 0, method, 0, 0]),
      pack('<u4', [crc, ...sizes]),
      pack('<u2', [file.name.length, wide.length]),
    )
    const local = concat(ascii('PK\x03\x04'), common, ascii(file.name), wide, raw)
    const attributes = concat(pack('<u2', [0, 0, 0]), pack('<u4', [0, offset]))
    directory.push(concat(ascii('PK\x01\x02'), pack('<u2', [20]), common, attributes, ascii(file.name), wide))
    parts.push(local)
    offset += local.length
  }
  const entries = concat(...directory)
  const end = concat(
    ascii('PK\x05\x06'),
    pack('<u2', [0, 0, files.length, files.length]),
    pack('<u4', [entries.length, offset]),
    pack('<u2', [comment.length]),
    ascii(comment),
  )
  return concat(...parts, entries, end)
}

export function chunk(type: string, data: Uint8Array, crc?: number): Uint8Array {
  const body = concat(ascii(type), data)
  return concat(pack('>u4', [data.length]), body, pack('>u4', [crc ?? crc32(body)]))
}

export interface PngOptions {
  width: number
  height: number
  depth?: number
  color?: number
  values: readonly number[]
  /** The filter of each line, in turn. */
  filters?: readonly number[]
  interlaced?: boolean
  extra?: readonly Uint8Array[]
  /** Bytes of an IDAT chunk. */
  split?: number
}

/** One line of values, packed into `depth` bits each. */
function packLine(values: readonly number[], depth: number): Uint8Array {
  if (depth === 16) return pack('>u2', values)
  const line = new Uint8Array(Math.ceil((values.length * depth) / 8))
  values.forEach((value, index) => {
    const bit = index * depth
    line[bit >> 3] = (line[bit >> 3] as number) | (value << (8 - depth - (bit & 7)))
  })
  return line
}

function filterLine(filter: number, line: Uint8Array, above: Uint8Array, step: number): Uint8Array {
  const result = line.map((value, index) => {
    const a = index >= step ? (line[index - step] as number) : 0
    const b = above[index] as number
    const c = index >= step ? (above[index - step] as number) : 0
    const p = a + b - c
    const ranked = [a, b, c].map((candidate, order) => ({ candidate, order, distance: Math.abs(p - candidate) }))
    ranked.sort((left, right) => left.distance - right.distance || left.order - right.order)
    const predictions = [0, a, b, Math.floor((a + b) / 2), ranked[0]?.candidate as number]
    return value - (predictions[filter] as number)
  })
  return concat(Uint8Array.of(filter), result)
}

/** A PNG image of one channel. */
export function png(options: PngOptions): Uint8Array<ArrayBuffer> {
  const { width, height, depth = 8, color = 0, values, filters = [0], interlaced = false, extra = [], split } = options
  const starts = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ]
  const lines: Uint8Array[] = []
  let count = 0
  for (const [x0, y0, dx, dy] of (interlaced ? starts : [[0, 0, 1, 1]]) as [number, number, number, number][]) {
    let above: Uint8Array | undefined
    for (let y = y0; y < height; y += dy) {
      const row: number[] = []
      for (let x = x0; x < width; x += dx) row.push(values[y * width + x] as number)
      if (row.length === 0) continue
      const line = packLine(row, depth)
      above ??= new Uint8Array(line.length)
      lines.push(filterLine(filters[count++ % filters.length] as number, line, above, depth === 16 ? 2 : 1))
      above = line
    }
  }
  const header = concat(pack('>u4', [width, height]), Uint8Array.of(depth, color, 0, 0, interlaced ? 1 : 0))
  const data = new Uint8Array(deflateSync(concat(...lines)))
  const size = split ?? data.length
  const chunks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += size) chunks.push(chunk('IDAT', data.subarray(at, at + size)))
  const palette = color === 3 ? [chunk('PLTE', new Uint8Array(3 * Math.min(256, 2 ** depth)))] : []
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  return concat(signature, chunk('IHDR', header), ...extra, ...palette, ...chunks, chunk('IEND', new Uint8Array(0)))
}
