// Writers of the three formats of the example set. Nothing is compressed (deflate of level 0), so that every version of
// Node writes the same bytes.

import { crc32, deflateSync, gzipSync } from 'node:zlib'

const stored = { level: 0 }

function chunk(type, data) {
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  data.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

/** An 8-bit PNG image; with a palette (RGB triples) the labels are its indices, else grey values. */
export function png({ width, height, labels, palette }) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, palette ? 3 : 0], 8)
  const lines = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) lines.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from(palette))] : []),
    chunk('IDAT', deflateSync(lines, stored)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A NIfTI-1 volume of bytes, x fastest, with voxels of `spacing` millimetres; gzip. */
export function niftiGz({ size: [nx, ny, nz], labels, spacing: [dx, dy, dz] }) {
  const header = Buffer.alloc(352)
  header.writeInt32LE(348, 0)
  ;[3, nx, ny, nz, 1, 1, 1, 1].forEach((extent, index) => header.writeInt16LE(extent, 40 + 2 * index))
  header.writeInt16LE(2, 70)
  header.writeInt16LE(8, 72)
  ;[1, dx, dy, dz, 1, 1, 1, 1].forEach((size, index) => header.writeFloatLE(size, 76 + 4 * index))
  header.writeFloatLE(352, 108)
  header.writeFloatLE(1, 112)
  header.writeInt16LE(1, 254)
  ;[dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0].forEach((value, index) => header.writeFloatLE(value, 280 + 4 * index))
  header.write('n+1\0', 344, 'latin1')
  // The header of gzip names the operating system in its tenth byte: 255, unknown, everywhere.
  const file = gzipSync(Buffer.concat([header, labels]), stored)
  file[9] = 255
  return file
}

/** A NumPy array. */
export function npy(type, shape, data) {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = Buffer.from(`${text.padEnd(117)}\n`, 'latin1')
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1')
  start.writeUInt16LE(header.length, 8)
  return Buffer.concat([start, header, Buffer.from(data.buffer, data.byteOffset, data.byteLength)])
}
