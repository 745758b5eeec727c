/** Labels or per-class, and every element type a target, a prediction and pixel weights may have. */
import test from 'ava'

import { float32FromFloat16 } from '../src/float16.ts'
import { geometryOf } from '../src/layout.ts'
import { isPerClass, type TargetRules } from '../src/target.ts'
import { recognize } from '../src/tensor.ts'
import { FACES, thrown } from './faces.ts'

const FREE: TargetRules = { kind: undefined, labeled: false }
const LABELED: TargetRules = { kind: undefined, labeled: true }
const LABELS: TargetRules = { kind: 'labels', labeled: false }
const PLANES: TargetRules = { kind: 'per-class', labeled: false }
const flat = (length: number): Float32Array => new Float32Array(length)
const shaped = (shape: readonly number[], data?: object): object => {
  const length = shape.reduce((product, extent) => product * extent, 1)
  return { data: data ?? new Float32Array(length), shape }
}

/** [what, prediction's shape, layout, target, rules, per class] */
const READINGS = [
  ['a bare label map', [2, 3, 2, 2], 'NCHW', flat(8), FREE, false],
  ['bare planes', [2, 3, 2, 2], 'NCHW', flat(24), FREE, true],
  ['labels', [2, 3, 2, 2], 'NCHW', shaped([2, 2, 2]), FREE, false],
  ['labels with a class axis of 1', [2, 3, 2, 2], 'NCHW', shaped([2, 1, 2, 2]), FREE, false],
  ['labels with a last axis of 1', [2, 2, 2, 3], 'NHWC', shaped([2, 2, 2, 1]), FREE, false],
  ['labels of one sample without N', [1, 3, 2, 2], 'NCHW', shaped([2, 2]), FREE, false],
  ['planes', [2, 3, 2, 2], 'NCHW', shaped([2, 3, 2, 2]), FREE, true],
  ['planes of one sample without N', [1, 3, 2, 2], 'NCHW', shaped([3, 2, 2]), FREE, true],
  ['one class, integers', [2, 1, 2, 2], 'NCHW', new Uint8Array(8), FREE, false],
  ['one class, integers, said to be planes', [2, 1, 2, 2], 'NCHW', new Uint8Array(8), PLANES, true],
  ['one class, floats', [2, 1, 2, 2], 'NCHW', flat(8), FREE, true],
  ['one class, floats, said to be labels', [2, 1, 2, 2], 'NCHW', flat(8), LABELS, false],
  ['one class, floats beside ignoreIndex', [2, 1, 2, 2], 'NCHW', flat(8), LABELED, false],
  ['one class without a class axis', [2, 2, 2], 'NHW', shaped([2, 2, 2], new Int32Array(8)), FREE, false],
  ['one class, labels without the class axis', [2, 1, 2, 2], 'NCHW', shaped([2, 2, 2]), FREE, false],
] as const

for (const [name, shape, layout, target, rules, expected] of READINGS) {
  test(`${name}: ${expected ? 'per class' : 'labels'}`, (t) => {
    t.is(isPerClass(recognize(target, 'target'), geometryOf(shape, layout, false), rules), expected)
  })
}

/** [prediction's shape, layout, target, rules, part of the message] */
const MISMATCHES = [
  [[2, 3, 2, 2], undefined, flat(9), FREE, 'labels of shape [2, 2, 2] (8 elements) or planes'],
  [[2, 3, 2, 2], 'NCHW', shaped([2, 4]), FREE, 'found [2, 4]'],
  [[2, 3, 2, 2], 'NCHW', flat(24), LABELS, 'Expected labels of shape [2, 2, 2] (8 elements) for target'],
  [[2, 3, 2, 2], 'NCHW', flat(8), PLANES, 'Expected planes of shape [2, 3, 2, 2] (24 elements) for target'],
  [[2, 8, 8, 3], undefined, flat(128), FREE, "pass layout: 'NHWC'"],
  [[2, 8, 8, 3], undefined, shaped([2, 8, 8]), FREE, "pass layout: 'NHWC'"],
  [[1, 8, 8, 8, 3], undefined, flat(512), FREE, "pass layout: 'NDHWC'"],
  [[1, 3, 2, 2], 'NCHW', { data: new Uint8Array(16), width: 2, height: 2 }, FREE, 'a label image has one channel'],
  [[1, 3, 2, 2], 'NCHW', { data: new Uint8Array(3), shape: [2, 2] }, FREE, 'Expected 4 elements (shape [2, 2])'],
] as const

for (const [index, [shape, layout, target, rules, part]] of MISMATCHES.entries()) {
  test(`mismatch ${index}: ${part}`, (t) => {
    const error = thrown(() => isPerClass(recognize(target, 'target'), geometryOf(shape, layout, false), rules))
    t.true(error.message.includes(part), error.message)
  })
}

const LABEL_TYPES = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
]
const logits = Float32Array.of(0.5, -1, 2, 0, 1, 0.25, -0.5, 3, -2, 1, 0, 0.75)
const classes = [2, 0, 1, 1]
const oneHot = [0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0]
const OPTIONS = { activation: 'softmax', shape: [1, 3, 2, 2] } as const
const HALF = { 0: 0x0000, 0.5: 0x3800, 1: 0x3c00, 2: 0x4000 } as Readonly<Record<number, number>>
const halfTensor = (values: readonly number[], shape: readonly number[]): object => ({
  data: Uint16Array.from(values, (value) => HALF[value]!),
  dims: shape,
  type: 'float16',
})

for (const [face, { diceLoss }] of FACES) {
  test(`${face}: labels of every type mean the same`, (t) => {
    const { loss } = diceLoss(logits, Uint8Array.from(classes), OPTIONS)
    for (const Type of LABEL_TYPES) t.is(diceLoss(logits, Type.from(classes), OPTIONS).loss, loss, Type.name)
    t.is(diceLoss(logits, BigInt64Array.from(classes, BigInt), OPTIONS).loss, loss)
    t.is(diceLoss(logits, BigUint64Array.from(classes, BigInt), OPTIONS).loss, loss)
    t.is(diceLoss(logits, halfTensor(classes, [1, 2, 2]) as never, OPTIONS).loss, loss)
  })

  test(`${face}: planes of every type mean the same`, (t) => {
    const { loss } = diceLoss(logits, Uint8Array.from(classes), OPTIONS)
    for (const Type of LABEL_TYPES) t.is(diceLoss(logits, Type.from(oneHot), OPTIONS).loss, loss, Type.name)
    t.is(diceLoss(logits, BigInt64Array.from(oneHot, BigInt), OPTIONS).loss, loss)
    t.is(diceLoss(logits, halfTensor(oneHot, [1, 3, 2, 2]) as never, OPTIONS).loss, loss)
  })

  test(`${face}: pixel weights of every type mean the same`, (t) => {
    const weights = [0, 1, 2, 1]
    const target = Uint8Array.from(classes)
    const { loss } = diceLoss(logits, target, { ...OPTIONS, pixelWeights: Float32Array.from(weights) })
    for (const Type of LABEL_TYPES) {
      t.is(diceLoss(logits, target, { ...OPTIONS, pixelWeights: Type.from(weights) }).loss, loss, Type.name)
    }
    const shape = [1, 1, 2, 2]
    const half = halfTensor(weights, shape) as never
    t.is(diceLoss(logits, target, { ...OPTIONS, pixelWeights: half }).loss, loss)
    t.is(diceLoss(logits, target, { ...OPTIONS, pixelWeights: BigInt64Array.from(weights, BigInt) }).loss, loss)
  })

  test(`${face}: a float16 prediction is its float32 copy, with a float32 gradient`, (t) => {
    const values = [1, 2, 0.5, 0, 2, 2, 1, 0.5]
    const target = Uint8Array.of(0, 1, 1, 0)
    const options = { activation: 'softmax', gradient: true } as const
    const half = diceLoss(halfTensor(values, [1, 2, 2, 2]) as never, target, options)
    const single = diceLoss(Float32Array.from(values), target, { ...options, shape: [1, 2, 2, 2] })
    t.is(half.loss, single.loss)
    t.deepEqual(half.gradient, single.gradient)
  })

  test(`${face}: a 0/255 mask with its maskValue is a 0/1 mask`, (t) => {
    const options = { activation: 'sigmoid', shape: [1, 1, 2, 2] } as const
    const prediction = logits.slice(0, 4)
    const { loss } = diceLoss(prediction, Uint8Array.of(0, 1, 1, 0), options)
    const mask = Uint8ClampedArray.of(0, 255, 255, 0)
    t.is(diceLoss(prediction, mask, { ...options, maskValue: 255 }).loss, loss)
    t.is(diceLoss(prediction, Float32Array.from(mask), { ...options, maskValue: 255 }).loss, loss)
    t.is(
      diceLoss(prediction, { data: mask, width: 2, height: 2, channels: 1 }, { ...options, maskValue: 255 }).loss,
      loss,
    )
    t.is(diceLoss(prediction, Float32Array.of(0, 1, 1, 0), options).loss, loss)
  })

  test(`${face}: regions over a label map are the planes they stand for`, (t) => {
    const regions = [[1, 2], [2]]
    const options = { activation: 'sigmoid', shape: [1, 2, 2, 2] } as const
    const prediction = logits.slice(0, 8)
    const planes = Float32Array.of(1, 0, 1, 0, 1, 0, 0, 0)
    const { loss } = diceLoss(prediction, Uint8Array.of(2, 0, 1, 9), { ...options, regions })
    t.is(loss, diceLoss(prediction, planes, options).loss)
  })
}

test('float16 is converted exactly', (t) => {
  const cases: readonly (readonly [number, number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0x3555, 0.333251953125],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ]
  t.deepEqual(
    float32FromFloat16(Uint16Array.from(cases, ([bits]) => bits)),
    Float32Array.from(cases, ([, value]) => value),
  )
})
