import test from 'ava'

import { decode } from '../src/files/typescript-reader.ts'
import { defaultLimits } from '../src/files/tensor.ts'
import { codeOf } from './files-code.ts'
import { chunk, concat, png, pack, type PngOptions } from './files-writers.ts'

const read = (bytes: Uint8Array<ArrayBuffer>, limits = defaultLimits) => decode(bytes.slice(), 'png', undefined, limits)

const valuesOf = (width: number, height: number, depth: number) =>
  Array.from({ length: width * height }, (_, index) => (index * index * 7 + 3 * index) % 2 ** depth)

test('grey values and palette indices of every depth, filter, interlacing and size', async (t) => {
  for (const [depth, color] of [
    [1, 0],
    [2, 0],
    [4, 0],
    [8, 0],
    [16, 0],
    [1, 3],
    [2, 3],
    [4, 3],
    [8, 3],
  ] as const) {
    for (const interlaced of [false, true]) {
      for (const [width, height] of [
        [1, 1],
        [1, 9],
        [9, 1],
        [7, 5],
        [13, 11],
        [16, 16],
      ] as const) {
        const values = valuesOf(width, height, depth)
        const tensor = await read(png({ width, height, depth, color, values, interlaced, filters: [4, 1, 2, 3, 0] }))
        t.deepEqual(tensor.shape, [height, width])
        t.is(tensor.data.constructor, depth === 16 ? Uint16Array : Uint8Array)
        t.deepEqual([...tensor.data], values, `${depth} bits, color ${color}, ${width} × ${height}, ${interlaced}`)
      }
    }
  }
})

const small: PngOptions = { width: 5, height: 4, values: valuesOf(5, 4, 8) }

test('ancillary chunks change nothing', async (t) => {
  const extra = [
    chunk('gAMA', pack('>u4', [45455])),
    chunk('tRNS', Uint8Array.of(0, 3)),
    chunk('tEXt', new Uint8Array(100), 1),
    chunk('sBIT', Uint8Array.of(4)),
  ]
  t.deepEqual([...(await read(png({ ...small, extra, split: 3 }))).data], [...small.values])
})

test('images that are refused', async (t) => {
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [png({ ...small, color: 2 }), 'not-supported'],
    [png({ ...small, color: 4 }), 'not-supported'],
    [png({ ...small, color: 6 }), 'not-supported'],
    [png({ ...small, depth: 16, color: 3 }), 'corrupt'],
    [png({ ...small, filters: [5] }), 'corrupt'],
    [png({ ...small, extra: [chunk('ABCD', new Uint8Array(3))] }), 'corrupt'],
    [png({ ...small, extra: [chunk('IHDR', new Uint8Array(13))] }), 'corrupt'],
    [png({ ...small, extra: [chunk('acTL', new Uint8Array(8))] }), 'not-supported'],
    [concat(png(small), new Uint8Array(1)), 'trailing-data'],
    [concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), new Uint8Array(60)), 'wrong-format'],
  ]
  for (const [file, code] of cases) t.is(await codeOf(read(file)), code)

  const header = (width: number, height: number) => {
    const file = png(small)
    const ihdr = chunk('IHDR', concat(pack('>u4', [width, height]), Uint8Array.of(8, 0, 0, 0, 0)))
    return concat(file.subarray(0, 8), ihdr, file.subarray(8 + ihdr.length))
  }
  t.is(await codeOf(read(header(5, 5))), 'truncated')
  t.is(await codeOf(read(header(5, 3))), 'trailing-data')
  t.is(await codeOf(read(header(0, 4))), 'corrupt')
  t.is(await codeOf(read(header(2 ** 31, 4))), 'corrupt')
  t.is(await codeOf(read(header(2 ** 16, 2 ** 16))), 'oversized')
  t.is(await codeOf(read(header(10_000, 10_000))), 'truncated')
  t.is(await codeOf(read(png(small), { maxPixels: 19, maxBytes: 1000 })), 'oversized')
})

test('an image cut anywhere is truncated', async (t) => {
  const file = png(small)
  for (let length = 0; length < file.length; length++) {
    t.is(await codeOf(read(file.slice(0, length))), 'truncated', `${length} bytes`)
  }
})

test('an image with a changed byte is refused', async (t) => {
  const file = png(small)
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice()
    changed[at] = (changed[at] as number) ^ 1
    t.not(await codeOf(read(changed)), 'read', `byte ${at}`)
  }
})
