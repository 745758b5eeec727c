/** Tensors of every library are recognized without a copy, by structure. */
import test from 'ava'

import { copyShape, recognize } from '../src/tensor.ts'
import { lengthOf, overlap } from '../src/typed-array.ts'
import { thrown, untyped } from './faces.ts'

const floats = Float32Array.from({ length: 24 }, (_, index) => index)

/** Name → [tensor, shape]; every one holds `floats` without a copy. */
const SOURCES: Readonly<Record<string, readonly [object, number[] | undefined]>> = {
  'a typed array': [floats, undefined],
  onnxruntime: [{ data: floats, dims: [1, 2, 3, 4], type: 'float32', location: 'cpu' }, [1, 2, 3, 4]],
  'onnxruntime, pinned': [{ data: floats, dims: [24], type: 'float32', location: 'cpu-pinned' }, [24]],
  'transformers.js, a proxy': [new Proxy({ data: floats, dims: [24], type: 'float32' }, {}), [24]],
  'tfjs, whose data is a function': [
    { data: () => Promise.resolve(floats), dataSync: () => floats, shape: [2, 12], dtype: 'float32' },
    [2, 12],
  ],
  'jax-js, read through ref': [
    {
      dataSync: () => {
        throw new Error('read without ref: the array is freed')
      },
      ref: { dataSync: () => floats },
      shape: [4, 6],
      dtype: 'float32',
    },
    [4, 6],
  ],
  ndarray: [{ data: floats, shape: [2, 3, 4], stride: [12, 4, 1], offset: 0, dtype: 'float32' }, [2, 3, 4]],
  'ndarray with an axis of 1 and any stride': [{ data: floats, shape: [1, 24], stride: [7, 1], offset: 0 }, [1, 24]],
  '@stdlib/ndarray': [{ data: floats, shape: Int32Array.of(4, 6), strides: [6, 1], offset: 0 }, [4, 6]],
  'an image': [{ data: floats, width: 4, height: 3, channels: 2 }, [3, 4, 2]],
  'an image of one channel': [{ data: floats, width: 6, height: 4, channels: 1 }, [4, 6]],
  'an image that does not say its channels': [{ data: floats, width: 3, height: 2 }, [2, 3, 4]],
  'raw pixels of sharp': [{ data: floats, info: { width: 4, height: 3, channels: 2 } }, [3, 4, 2]],
}

for (const [name, [source, shape]] of Object.entries(SOURCES)) {
  test(`${name} is read without a copy`, (t) => {
    const tensor = recognize(source, 'prediction')
    t.is(tensor.data, floats)
    t.is(tensor.dtype, 'float32')
    t.deepEqual(tensor.shape, shape)
  })
}

test('an offset is a view of the same memory', (t) => {
  const tensor = recognize({ data: floats, shape: [2, 3], stride: [3, 1], offset: 6 }, 'prediction')
  t.is(tensor.data.buffer, floats.buffer)
  t.deepEqual([...tensor.data], [6, 7, 8, 9, 10, 11])
})

test('a longer array behind an ndarray is cut to its shape', (t) => {
  t.is(lengthOf(recognize({ data: floats, shape: [2, 3], stride: [3, 1], offset: 0 }, 'prediction').data), 6)
})

test('float16 is read from its bits', (t) => {
  const bits = Uint16Array.of(0x3c00, 0xc000)
  t.is(recognize({ data: bits, dims: [2], type: 'float16' }, 'prediction').dtype, 'float16')
  t.is(recognize({ data: bits, dims: [2], type: 'uint16' }, 'target').dtype, 'uint16')
})

test('booleans are the integers they lie in', (t) => {
  t.is(recognize({ data: Uint8Array.of(0, 1), dims: [2], type: 'bool' }, 'target').dtype, 'uint8')
})

/** Name → [value, code, part of the message]. */
const REFUSED: Readonly<Record<string, readonly [unknown, string, string]>> = {
  nothing: [undefined, 'ERR_MASKLOSS_TENSOR', 'found nothing'],
  'a number': [3, 'ERR_MASKLOSS_TENSOR', 'found 3'],
  'a plain array': [[1, 2], 'ERR_MASKLOSS_TENSOR', 'Float32Array.from'],
  'a DataView': [new DataView(new ArrayBuffer(8)), 'ERR_MASKLOSS_TENSOR', 'DataView'],
  'an ArrayBuffer': [new ArrayBuffer(8), 'ERR_MASKLOSS_TENSOR', 'ArrayBuffer'],
  'an object that only looks like a typed array': [
    Object.create(Float32Array.prototype),
    'ERR_MASKLOSS_TENSOR',
    'found an object',
  ],
  'a Proxy of a typed array': [new Proxy(new Float32Array(2), {}), 'ERR_MASKLOSS_TENSOR', 'found'],
  'an empty object': [{}, 'ERR_MASKLOSS_TENSOR', 'found an object'],
  strings: [{ data: ['a'], dims: [1], type: 'string' }, 'ERR_MASKLOSS_TENSOR', 'a typed array inside the tensor'],
  'packed 4-bit integers': [{ data: new Uint8Array(1), dims: [2], type: 'int4' }, 'ERR_MASKLOSS_DTYPE', 'int4'],
  bfloat16: [{ data: new Uint16Array(1), dims: [1], type: 'bfloat16' }, 'ERR_MASKLOSS_DTYPE', 'bfloat16'],
  'a disposed tensor': [{ dims: [1], type: 'float32', location: 'none' }, 'ERR_MASKLOSS_TENSOR', 'a disposed tensor'],
  'a transposed ndarray': [
    { data: new Float32Array(6), shape: [3, 2], stride: [1, 3], offset: 0 },
    'ERR_MASKLOSS_TENSOR',
    'strides [1, 3]',
  ],
  'an offset past the end': [
    { data: new Float32Array(6), shape: [3, 2], stride: [2, 1], offset: 1 },
    'ERR_MASKLOSS_SHAPE',
    'offset 1 into 6 elements',
  ],
  'an offset that is no integer': [
    { data: new Float32Array(6), shape: [2], offset: NaN },
    'ERR_MASKLOSS_SHAPE',
    'offset NaN',
  ],
  'an image of half a channel': [{ data: new Float32Array(9), width: 3, height: 2 }, 'ERR_MASKLOSS_SHAPE', '1.5'],
}

for (const [name, [value, code, part]] of Object.entries(REFUSED)) {
  test(`${name} is refused`, (t) => {
    const error = thrown(() => recognize(value, 'prediction')) as Error & { code?: string }
    t.is(error.code, code)
    t.true(error.message.includes(part), error.message)
  })
}

const BAD_SHAPES: readonly unknown[] = [
  [],
  [0],
  [-1],
  [1.5],
  [NaN],
  [Infinity],
  [2n],
  ['2'],
  [2 ** 53],
  [2 ** 27, 2 ** 27],
  [1, 1, 1, 1, 1, 1, 1, 1, 1],
  BigInt64Array.of(2n),
  {},
  { length: 1, 0: 2 },
  null,
  'NCHW',
  2,
]

test('a shape is a list of positive integers', (t) => {
  for (const shape of BAD_SHAPES) {
    const error = thrown(() => copyShape(shape, 'shape')) as Error & { code?: string }
    t.is(error.code, 'ERR_MASKLOSS_SHAPE')
  }
  t.deepEqual(copyShape(Uint32Array.of(2, 3), 'shape'), [2, 3])
})

test('a length is the true one, whatever a subclass says', (t) => {
  class Liar extends Float32Array {
    override get length(): number {
      return 1e9
    }
  }
  t.is(lengthOf(new Liar(3)), 3)
  t.is(lengthOf(Object.defineProperty(new Float32Array(3), 'length', { value: 1e9 })), 3)
})

test('arrays overlap where they share bytes', (t) => {
  const memory = new ArrayBuffer(64)
  const cases: readonly (readonly [number, number, number, number, boolean])[] = [
    [0, 4, 0, 4, true],
    [0, 4, 16, 4, false],
    [0, 5, 16, 4, true],
    [32, 4, 0, 8, false],
    [28, 4, 0, 8, true],
  ]
  for (const [startA, lengthA, startB, lengthB, expected] of cases) {
    t.is(overlap(new Float32Array(memory, startA, lengthA), new Float32Array(memory, startB, lengthB)), expected)
  }
  t.false(overlap(new Float32Array(4), new Float32Array(4)))
  t.true(overlap(untyped(new Uint8Array(memory)), new Float32Array(memory)))
})
