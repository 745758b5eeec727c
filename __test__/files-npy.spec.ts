import test from 'ava'

import { decode } from '../src/files/typescript-reader.ts'
import { defaultLimits } from '../src/files/tensor.ts'
import { codeOf } from './files-code.ts'
import { ascii, concat, npy, npyOf, pack, zip } from './files-writers.ts'

const read = (bytes: Uint8Array<ArrayBuffer>, limits = defaultLimits) => decode(bytes.slice(), 'npy', undefined, limits)
const readZip = (bytes: Uint8Array<ArrayBuffer>, key?: string) => decode(bytes.slice(), 'npz', key, defaultLimits)

const types = {
  b1: [[0, 1, 1, 0, 1, 0], Uint8Array],
  i1: [[-128, -1, 0, 1, 2, 127], Int8Array],
  u1: [[0, 1, 2, 3, 254, 255], Uint8Array],
  i2: [[-32768, -1, 0, 1, 2, 32767], Int16Array],
  u2: [[0, 1, 2, 3, 256, 65535], Uint16Array],
  i4: [[-(2 ** 31), -1, 0, 1, 65536, 2 ** 31 - 1], Int32Array],
  u4: [[0, 1, 2, 3, 65536, 2 ** 32 - 1], Uint32Array],
  i8: [[-(2n ** 63n), -1n, 0n, 1n, 2n, 2n ** 63n - 1n], BigInt64Array],
  u8: [[0n, 1n, 2n, 3n, 4n, 2n ** 64n - 1n], BigUint64Array],
  f4: [[-1.5, 0, 0.25, 1, 2 ** 100, Infinity], Float32Array],
  f8: [[-1.5, 0, 0.1, 1, 1e300, -Infinity], Float64Array],
} as const

test('every element type, byte order and version', async (t) => {
  for (const [type, [values, constructor]] of Object.entries(types)) {
    for (const order of type.endsWith('1') ? ['|'] : ['<', '>']) {
      for (const version of [1, 2, 3]) {
        const tensor = await read(npy(order + type, [2, 3], values, { version }))
        t.is(tensor.data.constructor, constructor, order + type)
        t.deepEqual([...tensor.data], [...values])
        t.deepEqual(tensor.shape, [2, 3])
      }
    }
  }
})

test('halves become floats', async (t) => {
  const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555]
  const values = [0, -0, 1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN, 0.333251953125]
  for (const order of ['<', '>']) {
    const { data } = await read(npy(`${order}f2`, [12], bits))
    t.true(data instanceof Float32Array)
    t.deepEqual([...data], values)
  }
})

test('Fortran order is rearranged', async (t) => {
  // values[i][j][k] = 100 i + 10 j + k, written with i fastest.
  const shape = [2, 3, 4]
  const written: number[] = []
  for (let k = 0; k < 4; k++) for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) written.push(100 * i + 10 * j + k)
  const expected: number[] = []
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) expected.push(100 * i + 10 * j + k)
  const { data } = await read(npy('<i4', shape, written, { fortran: true }))
  t.deepEqual([...data], expected)
})

test('headers as different NumPy versions wrote them', async (t) => {
  const data = pack('<i2', [1, 2, 3, 4, 5, 6])
  const headers = [
    `{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }`,
    `{"shape": (2L, 3L), "fortran_order": False, "descr": "<i2"}`,
    `{'descr':'<i2','fortran_order':False,'shape':(2,3)}`,
    `  { 'descr' : '=i2' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } `,
  ]
  for (const header of headers) t.deepEqual([...(await read(npyOf(header, data))).data], [1, 2, 3, 4, 5, 6], header)
})

test('headers that are refused', async (t) => {
  const data = new Uint8Array(6)
  const shaped = (shape: string) => `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`
  const typed = (type: string) => `{'descr': ${type}, 'fortran_order': False, 'shape': (6,), }`
  const cases: [string, string][] = [
    [typed(`'|O'`), 'object-dtype'],
    [typed(`'<c8'`), 'not-supported'],
    [typed(`'<U4'`), 'not-supported'],
    [typed(`'|S1'`), 'not-supported'],
    [typed(`'<f16'`), 'not-supported'],
    [typed(`[('a', '|u1')]`), 'not-supported'],
    [typed(`'|i2'`), 'header'],
    [shaped('(6)'), 'header'],
    [shaped('(-6,)'), 'header'],
    [shaped('(6, x)'), 'header'],
    [shaped('(2,,3)'), 'header'],
    [shaped('(99999999999999999999,)'), 'header'],
    [shaped('(9007199254740991, 9007199254740991)'), 'header'],
    [shaped(`(${'1, '.repeat(33)})`), 'header'],
    [shaped('(4294967297,)'), 'oversized'],
    [shaped('(0, 6)'), 'trailing-data'],
    [shaped('(7,)'), 'truncated'],
    [shaped('(5,)'), 'trailing-data'],
    [`{'descr': '|u1', 'fortran_order': False}`, 'header'],
    [`{'descr': '|u1', 'fortran_order': 0, 'shape': (6,)}`, 'header'],
    [`{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (6,)}`, 'header'],
    [`{'descr': '|u1', 'fortran_order': False, 'shape': (6,), 'more': 'x'}`, 'header'],
    [`__import__('os')`, 'header'],
    [`${shaped('(6,)')}\xa0`, 'header'],
    ['', 'header'],
  ]
  for (const [header, code] of cases) t.is(await codeOf(read(npyOf(header, data))), code, header)
  t.is(await codeOf(read(npyOf(shaped('(6,)'), data, 4))), 'header')
  t.is(await codeOf(read(npyOf(shaped('(6,)') + ' '.repeat(70000), data, 2))), 'oversized')
  t.is(await codeOf(read(concat(ascii('not a NumPy array'), data))), 'wrong-format')
})

test('limits hold before anything is read', async (t) => {
  const file = npy('<f4', [4, 4], new Array<number>(16).fill(0))
  t.is(await codeOf(read(file, { maxPixels: 15, maxBytes: 63 })), 'oversized')
  t.is(await codeOf(read(file, { maxPixels: 15, maxBytes: 64 })), 'read')
  const halves = npy('<f2', [4], [0, 0, 0, 0])
  t.is(await codeOf(read(halves, { maxPixels: 1, maxBytes: 15 })), 'oversized')
})

test('a file cut anywhere is truncated', async (t) => {
  const file = npy('<i2', [2, 3], [1, 2, 3, 4, 5, 6])
  for (let length = 0; length < file.length; length++) {
    t.is(await codeOf(read(file.slice(0, length))), 'truncated', `${length} bytes`)
  }
  t.is(await codeOf(read(concat(file, new Uint8Array(1)))), 'trailing-data')
})

const a = npy('<i2', [3], [1, 2, 3])
const b = npy('|u1', [2, 300], new Array<number>(600).fill(7))

test('archives: stored, deflated, with zip64 sizes, by key', async (t) => {
  for (const deflate of [false, true]) {
    for (const wide of [false, true]) {
      const file = zip(
        [
          { name: 'a.npy', data: a, deflate, wide },
          { name: 'b.npy', data: b, deflate, wide },
        ],
        'a comment',
      )
      t.deepEqual([...(await readZip(file, 'a')).data], [1, 2, 3])
      const second = await readZip(file, 'b')
      t.deepEqual(second.shape, [2, 300])
      t.is(second.format, 'npz')
      t.is(await codeOf(readZip(file)), 'key-needed')
      t.is(await codeOf(readZip(file, 'c')), 'no-such-key')
      t.deepEqual((await readZip(file, 'b.npy')).shape, [2, 300])
    }
  }
  t.deepEqual([...(await readZip(zip([{ name: 'arr_0.npy', data: a }]))).data], [1, 2, 3])
})

test('archives that are refused', async (t) => {
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [zip([]), 'no-such-key'],
    [zip([{ name: 'a.txt', data: a }]), 'no-such-key'],
    [zip([{ name: 'a.npy', data: a, crc: 1 }]), 'checksum'],
    [zip([{ name: 'a.npy', data: a, deflate: true, crc: 1 }]), 'checksum'],
    [zip([{ name: 'a.npy', data: a, size: 10 }]), 'corrupt'],
    [zip([{ name: 'a.npy', data: b, deflate: true, size: 10 }]), 'trailing-data'],
    [zip([{ name: 'a.npy', data: a, deflate: true, size: a.length + 1 }]), 'truncated'],
    [zip([{ name: 'a.npy', data: a, deflate: true, size: 2 ** 31 }]), 'corrupt'],
    [zip([{ name: 'a.npy', data: a, deflate: true, wide: true, size: 2 ** 40 }]), 'corrupt'],
    [zip([{ name: 'a.npy', data: a, method: 12 }]), 'not-supported'],
    [zip([{ name: 'a.npy', data: a, flags: 1 }]), 'not-supported'],
    [
      zip([
        { name: 'a.npy', data: a },
        { name: 'a.npy', data: b },
      ]),
      'corrupt',
    ],
    [zip([{ name: 'a.npy', data: ascii('no array in here') }]), 'header'],
    [concat(ascii('Rar!'), a), 'wrong-format'],
  ]
  for (const [file, code] of cases) t.is(await codeOf(readZip(file, 'a')), code)
  const many = Array.from({ length: 4097 }, (_, index) => ({ name: `${index}.npy`, data: new Uint8Array(0) }))
  t.is(await codeOf(readZip(zip(many), '0')), 'oversized')
})

test('an archive that contradicts itself is refused', async (t) => {
  const file = zip([{ name: 'a.npy', data: a, deflate: true }])
  const end = file.length - 22
  const central = Buffer.from(file.buffer).lastIndexOf('PK\x01\x02')
  const change = (at: number, value: number) => {
    const changed = file.slice()
    changed[at] = value
    return codeOf(readZip(changed))
  }
  t.is(await change(end + 4, 1), 'not-supported', 'one part of several')
  t.is(await change(end + 8, 2), 'not-supported', 'two counts')
  t.is(await change(end + 16, (file[end + 16] as number) ^ 1), 'corrupt', 'the directory elsewhere')
  t.is(await change(end + 20, 1), 'truncated', 'a comment that is not there')
  t.is(await change(8, 0), 'corrupt', 'two methods')
  t.is(await change(central + 20, (file[central + 20] as number) + 1), 'corrupt', 'data that reach into the directory')
  t.is(await codeOf(readZip(concat(file, ascii('more')))), 'trailing-data')
})

test('overlapping entries are refused', async (t) => {
  // Both directory entries point at the first local header: the second name is not the one that stands there.
  const file = zip([
    { name: 'a.npy', data: a },
    { name: 'b.npy', data: a },
  ])
  const view = new DataView(file.buffer)
  const second = Buffer.from(file.buffer).lastIndexOf('PK\x01\x02')
  view.setUint32(second + 42, 0, true)
  t.is(await codeOf(readZip(file, 'a')), 'corrupt')
})

test('an archive cut anywhere is no archive', async (t) => {
  for (const deflate of [false, true]) {
    const file = zip([{ name: 'a.npy', data: a, deflate }])
    for (let length = 0; length < file.length; length++) {
      t.is(await codeOf(readZip(file.slice(0, length))), 'truncated', `${length} bytes`)
    }
  }
})
