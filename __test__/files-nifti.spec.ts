import test from 'ava'

import { decode } from '../src/files/typescript-reader.ts'
import { defaultLimits } from '../src/files/tensor.ts'
import { codeOf } from './files-code.ts'
import { concat, gzip, nifti, type NiftiOptions } from './files-writers.ts'

const read = (bytes: Uint8Array<ArrayBuffer>, limits = defaultLimits) =>
  decode(bytes.slice(), bytes[0] === 0x1f ? 'nifti-gz' : 'nifti', undefined, limits)

const small: NiftiOptions = { dims: [3, 2, 1], datatype: 2, type: 'u1', values: [0, 1, 2, 3, 4, 5] }
const types: [number, string, readonly (number | bigint)[]][] = [
  [2, 'u1', [0, 1, 2, 3, 254, 255]],
  [4, 'i2', [-32768, -1, 0, 1, 2, 32767]],
  [8, 'i4', [-(2 ** 31), -1, 0, 1, 2, 2 ** 31 - 1]],
  [16, 'f4', [-1.5, 0, 0.25, 1, 2 ** 100, Infinity]],
  [64, 'f8', [-1.5, 0, 0.1, 1, 1e300, -Infinity]],
  [256, 'i1', [-128, -1, 0, 1, 2, 127]],
  [512, 'u2', [0, 1, 2, 3, 256, 65535]],
  [768, 'u4', [0, 1, 2, 3, 4, 2 ** 32 - 1]],
  [1024, 'i8', [-(2n ** 63n), -1n, 0n, 1n, 2n, 2n ** 63n - 1n]],
  [1280, 'u8', [0n, 1n, 2n, 3n, 4n, 2n ** 64n - 1n]],
]

test('every element type, byte order, version and compression', async (t) => {
  for (const [datatype, type, values] of types) {
    for (const little of [true, false]) {
      for (const version of [1, 2] as const) {
        const file = nifti({ dims: [3, 2, 1], datatype, type, values, little, version, extension: 16 })
        for (const bytes of [file, gzip(file)]) {
          const tensor = await read(bytes)
          t.deepEqual([...tensor.data], [...values], `${type} ${little} ${version}`)
          t.deepEqual(tensor.shape, [1, 2, 3])
        }
      }
    }
  }
})

test('axes: the last of the file first, without those of length 1 beyond the third', async (t) => {
  const shapeOf = async (...dims: number[]) => {
    const values = new Array<number>(dims.reduce((product, size) => product * size, 1)).fill(0)
    return (await read(nifti({ ...small, dims, values }))).shape
  }
  t.deepEqual(await shapeOf(4), [1, 4])
  t.deepEqual(await shapeOf(4, 3), [3, 4])
  t.deepEqual(await shapeOf(4, 3, 1), [1, 3, 4])
  t.deepEqual(await shapeOf(4, 3, 2, 1), [2, 3, 4])
  t.deepEqual(await shapeOf(4, 3, 2, 5), [5, 2, 3, 4])
  t.deepEqual(await shapeOf(4, 3, 2, 1, 5), [5, 2, 3, 4])
})

test('scaling', async (t) => {
  const values = async (slope: number, intercept: number) => {
    const tensor = await read(nifti({ ...small, slope, intercept }))
    return [tensor.data.constructor.name, ...tensor.data]
  }
  t.deepEqual(await values(2, -1), ['Float32Array', -1, 1, 3, 5, 7, 9])
  t.deepEqual(await values(1, 0), ['Uint8Array', 0, 1, 2, 3, 4, 5])
  t.deepEqual(await values(0, 5), ['Uint8Array', 0, 1, 2, 3, 4, 5])
  t.deepEqual(await values(NaN, NaN), ['Uint8Array', 0, 1, 2, 3, 4, 5])
  const wide = await read(nifti({ ...small, datatype: 8, type: 'i4', slope: 0.1 }))
  t.deepEqual(wide.data, new Float64Array([0, 1, 2, 3, 4, 5].map((value) => value * Math.fround(0.1))))
  t.is(await codeOf(read(nifti({ ...small, slope: Infinity }))), 'header')
  t.is(await codeOf(read(nifti({ ...small, slope: 2, intercept: NaN }))), 'header')
})

test('space: matrix, quaternion, voxel size', async (t) => {
  const sform = [2, 0, 0, -10, 0, 3, 0, -20, 0, 0, 4, -30]
  for (const version of [1, 2] as const) {
    const placed = await read(nifti({ ...small, version, sform, spacing: [2, 3, 4] }))
    t.deepEqual(placed.affine, sform)
    t.deepEqual(placed.spacing, [4, 3, 2])
    // Half a turn about z: x and y change their signs; handedness −1 mirrors z.
    const quaternion = { b: 0, c: 0, d: 1, offset: [1, 2, 3], handedness: -1 }
    const turned = await read(nifti({ ...small, version, quaternion, spacing: [2, 3, 4] }))
    t.deepEqual(
      turned.affine?.map((value) => value + 0),
      [-2, 0, 0, 1, 0, -3, 0, 2, 0, 0, -4, 3],
    )
    const plain = await read(nifti({ ...small, version, spacing: [2, 3, 4] }))
    t.deepEqual(plain.affine, [2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0])
  }
})

test('headers that are refused', async (t) => {
  const cases: [Partial<NiftiOptions>, string][] = [
    [{ datatype: 128 }, 'not-supported'],
    [{ datatype: 1 }, 'not-supported'],
    [{ datatype: 32 }, 'not-supported'],
    [{ datatype: 3 }, 'header'],
    [{ bitpix: 16 }, 'header'],
    [{ rank: 0 }, 'header'],
    [{ rank: 8 }, 'header'],
    [{ rank: -1 }, 'header'],
    [{ rank: 200 }, 'header'],
    [{ dims: [3, -2, 1] }, 'header'],
    [{ dims: [3, 0, 1] }, 'header'],
    [{ dims: [3, 2, 2] }, 'truncated'],
    [{ dims: [3, 1, 1] }, 'trailing-data'],
    [{ dims: [32767, 32767, 4] }, 'truncated'],
    [{ dims: [32767, 32767, 5] }, 'oversized'],
    [{ dims: [32767, 32767, 32767, 32767, 32767, 32767, 32767] }, 'header'],
    [{ voxelOffset: 0 }, 'header'],
    [{ voxelOffset: 351 }, 'header'],
    [{ voxelOffset: 353 }, 'truncated'],
    [{ voxelOffset: 2 ** 40 }, 'header'],
    [{ version: 2, voxelOffset: 543 }, 'header'],
    [{ version: 2, voxelOffset: 2 ** 40 }, 'truncated'],
    [{ sform: [1, 0, 0, NaN, 0, 1, 0, 0, 0, 0, 1, 0] }, 'header'],
  ]
  for (const [change, code] of cases) {
    for (const bytes of [nifti({ ...small, ...change }), gzip(nifti({ ...small, ...change }))]) {
      t.is(await codeOf(read(bytes)), code, JSON.stringify(change))
    }
  }
  const offsets = [352.5, NaN, Infinity, -1]
  for (const voxelOffset of offsets) {
    t.is(await codeOf(read(nifti({ ...small, voxelOffset }))), 'header', String(voxelOffset))
  }
  t.is(await codeOf(decode(gzip(nifti(small)), 'nifti', undefined, defaultLimits)), 'wrong-format')
  t.is(await codeOf(decode(nifti(small), 'nifti-gz', undefined, defaultLimits)), 'wrong-format')
  t.is(await codeOf(read(nifti({ ...small, magic: 'ni1\0' }))), 'not-supported')
  t.is(await codeOf(read(nifti({ ...small, version: 2, magic: 'ni2\0\r\n\x1a\n' }))), 'not-supported')
  t.is(await codeOf(read(nifti({ ...small, magic: '\0\0\0\0' }))), 'header')
  t.is(await codeOf(read(new Uint8Array(400))), 'header')
  t.is(await codeOf(read(gzip(new Uint8Array(400)))), 'header')
})

test('a header that promises more than its compressed bytes can hold is refused at once', async (t) => {
  const bomb = nifti({ ...small, dims: [16000, 16000, 1] })
  t.is(await codeOf(read(gzip(bomb))), 'truncated')
  const limits = { maxPixels: 1, maxBytes: 5 }
  t.is(await codeOf(read(gzip(nifti(small)), limits)), 'oversized')
})

test('more data than the header says does not grow the output', async (t) => {
  const file = gzip(concat(nifti(small), new Uint8Array(50_000_000)))
  t.is(await codeOf(read(file)), 'trailing-data')
})

test('bytes behind the compressed data are refused, zeros too', async (t) => {
  for (const more of [[0], [0, 0, 0], [1, 2, 3], [0x1f, 0x8b]]) {
    t.not(await codeOf(read(concat(gzip(nifti(small)), Uint8Array.from(more)))), 'read', String(more))
  }
})

test('members of a gzip file are joined', async (t) => {
  const file = nifti(small)
  const joined = concat(gzip(file.slice(0, 100)), gzip(file.slice(100, 353)), gzip(file.slice(353)))
  t.deepEqual([...(await read(joined)).data], [0, 1, 2, 3, 4, 5])
})

test('a file cut anywhere is truncated', async (t) => {
  for (const version of [1, 2] as const) {
    const file = nifti({ ...small, version })
    for (let length = 0; length < file.length; length++) {
      t.is(await codeOf(read(file.slice(0, length))), 'truncated', `${length} bytes`)
    }
    const compressed = gzip(file)
    for (let length = 0; length < compressed.length; length++) {
      t.is(await codeOf(read(compressed.slice(0, length))), 'truncated', `${length} compressed bytes`)
    }
  }
})

test('a compressed file with a changed byte is never read as something else', async (t) => {
  const values = Array.from({ length: 600 }, (_, index) => (index * index) % 7)
  const file = gzip(nifti({ ...small, dims: [10, 10, 6], values }))
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice()
    changed[at] = (changed[at] as number) ^ 0x10
    const data = await read(changed).then(
      (tensor) => [...tensor.data],
      () => values,
    )
    t.deepEqual(data, values, `byte ${at}`)
  }
})
