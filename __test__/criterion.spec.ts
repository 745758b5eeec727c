/** Functions and criteria: what they return, and that both are the same. */
import test from 'ava'

import { FACES, type Face } from './faces.ts'

const SAMPLES = 2
const CLASSES = 3
const SHAPE = [SAMPLES, CLASSES, 4, 5]
const PIXELS = 20
const logits = Float32Array.from({ length: SAMPLES * CLASSES * PIXELS }, (_, index) => Math.sin(index * 1.7) * 2)
const labels = Uint8Array.from({ length: SAMPLES * PIXELS }, (_, index) => (index * 7) % CLASSES)
const planes = Float32Array.from({ length: logits.length }, (_, index) => {
  const pixel = index % PIXELS
  const sample = Math.floor(index / (CLASSES * PIXELS))
  return labels[sample * PIXELS + pixel] === Math.floor(index / PIXELS) % CLASSES ? 1 : 0
})
const softmax = { activation: 'softmax', shape: SHAPE } as const
const sigmoid = { activation: 'sigmoid', shape: SHAPE } as const

const DISTANCES = [
  [0, 1, 1],
  [1, 0, 1],
  [1, 1, 0],
]

/** Name → a call and the axes of its values. */
const AXES: Readonly<
  Record<string, readonly [(face: Face) => { values: Float64Array; valuesShape: readonly number[] }, number[]]>
> = {
  'one score a sample and class': [(face) => face.diceLoss(logits, labels, softmax), [2, 3]],
  'one score a sample and class that counts': [
    (face) => face.diceLoss(logits, labels, { ...softmax, includeBackground: false }),
    [2, 2],
  ],
  'one score a class': [(face) => face.jaccardLoss(logits, labels, { ...softmax, scorePer: 'class' }), [3]],
  'one score a sample': [(face) => face.tverskyLoss(logits, labels, { ...softmax, scorePer: 'sample' }), [2]],
  'one score': [(face) => face.logDiceLoss(logits, labels, { ...softmax, scorePer: 'batch' }), []],
  'cross-entropy': [(face) => face.crossEntropyLoss(logits, labels, softmax), [3]],
  'cross-entropy per pixel': [
    (face) => face.crossEntropyLoss(logits, labels, { ...softmax, reduction: 'none' }),
    [2, 4, 5],
  ],
  'binary cross-entropy': [(face) => face.binaryCrossEntropyLoss(logits, labels, sigmoid), [3]],
  'binary cross-entropy per element': [
    (face) => face.binaryCrossEntropyLoss(logits, labels, { ...sigmoid, reduction: 'none' }),
    [2, 3, 4, 5],
  ],
  'a ratio of sums over the classes': [(face) => face.generalizedDiceLoss(logits, labels, softmax), [2]],
  'Wasserstein of the batch': [
    (face) =>
      face.generalizedWassersteinDiceLoss(logits, labels, { ...softmax, distances: DISTANCES, scorePer: 'batch' }),
    [],
  ],
  'sorted errors': [(face) => face.lovaszSoftmaxLoss(logits, labels, { ...softmax, scorePer: 'class' }), [3]],
  'correlation of the foreground': [
    (face) => face.matthewsCorrelationLoss(logits, labels, { ...softmax, includeBackground: false }),
    [2, 2],
  ],
  focal: [(face) => face.focalLoss(logits, labels, { ...softmax, classes: [1] }), [3]],
  'focal per pixel': [(face) => face.focalLoss(logits, labels, { ...softmax, reduction: 'none' }), [2, 4, 5]],
  'focal per element': [(face) => face.focalLoss(logits, labels, { ...sigmoid, reduction: 'none' }), [2, 3, 4, 5]],
  'the first of two averages': [
    (face) => face.jaccardMetricLoss(logits, labels, { ...softmax, averages: { images: 1, data: 1 } }),
    [3],
  ],
  'a compound: its first term': [(face) => face.diceCrossEntropyLoss(logits, labels, softmax), [2, 3]],
}

for (const [face, module] of FACES) {
  for (const [name, [call, axes]] of Object.entries(AXES)) {
    test(`${face}: values of ${name}`, (t) => {
      const { values, valuesShape } = call(module)
      t.deepEqual(valuesShape, axes)
      t.is(
        values.length,
        axes.reduce((product, extent) => product * extent, 1),
      )
    })
  }

  test(`${face}: a result has what was asked for, and no more`, (t) => {
    const { diceLoss, diceCrossEntropyLoss } = module
    const plain = ['loss', 'nonFinite', 'numerics', 'values', 'valuesShape']
    t.deepEqual(Object.keys(diceLoss(logits, labels, softmax)).toSorted(), plain)
    t.deepEqual(Object.keys(diceLoss(logits, labels, { ...softmax, gradient: false })).toSorted(), plain)
    t.deepEqual(Object.keys(diceLoss(logits, labels, { ...softmax, gradient: true })).toSorted(), [
      'gradient',
      ...plain,
    ])
    t.deepEqual(Object.keys(diceCrossEntropyLoss(logits, labels, softmax)).toSorted(), [
      ...plain.slice(0, 3),
      'terms',
      ...plain.slice(3),
    ])
  })

  test(`${face}: a function is a criterion and evaluate`, (t) => {
    const options = { activation: 'softmax', includeBackground: false, smooth: { numerator: 1 } } as const
    const criterion = new module.DiceLoss(options)
    const call = { shape: SHAPE, gradient: true } as const
    t.deepEqual(criterion.evaluate(logits, labels, call), module.diceLoss(logits, labels, { ...options, ...call }))
  })

  test(`${face}: results are fresh`, (t) => {
    const criterion = new module.DiceCrossEntropyLoss({ activation: 'softmax' })
    const call = { shape: SHAPE, gradient: true } as const
    const first = criterion.evaluate(logits, labels, call)
    const copy = structuredClone(first)
    criterion.evaluate(
      logits.map((value) => -value),
      labels,
      call,
    )
    t.deepEqual(first, copy)
  })

  test(`${face}: one criterion serves any shape and number of classes`, (t) => {
    const criterion = new module.DiceLoss({ activation: 'softmax' })
    const shapes = [
      [1, 3, 5, 8],
      [1, 3, 5, 8],
      [1, 2, 6, 10],
      [2, 3, 20, 1],
    ] as const
    for (const shape of shapes) {
      const [samples, classes, rows, columns] = shape
      const target = new Uint8Array(samples * rows * columns)
      const { valuesShape } = criterion.evaluate(logits, target, { shape })
      t.deepEqual(valuesShape, [samples, classes])
      t.is(
        criterion.evaluate(logits, target, { shape }).loss,
        module.diceLoss(logits, target, { activation: 'softmax', shape }).loss,
      )
    }
  })

  test(`${face}: a function heeds every change of its options`, (t) => {
    const classWeights = [1, 1, 1]
    const options = { ...softmax, classWeights, smooth: 1 }
    const first = module.diceLoss(logits, labels, options).loss
    classWeights[0] = 5
    const second = module.diceLoss(logits, labels, options).loss
    options.smooth = 2
    const third = module.diceLoss(logits, labels, options).loss
    t.is(new Set([first, second, third]).size, 3)
    for (let smooth = 0; smooth < 20; smooth += 1) {
      const { loss } = module.diceLoss(logits, labels, { ...softmax, smooth })
      t.is(loss, new module.DiceLoss({ activation: 'softmax', smooth }).evaluate(logits, labels, { shape: SHAPE }).loss)
    }
    options.smooth = 1
    classWeights[0] = 1
    t.is(module.diceLoss(logits, labels, options).loss, first)
  })

  test(`${face}: the gradient goes where it was asked to`, (t) => {
    const criterion = new module.DiceLoss({ activation: 'softmax' })
    const { gradient } = criterion.evaluate(logits, labels, { shape: SHAPE, gradient: true })
    t.is(gradient.constructor, Float32Array)
    const buffer = new Float32Array(logits.length)
    t.is(criterion.evaluate(logits, labels, { shape: SHAPE, gradient: buffer }).gradient, buffer)
    t.deepEqual(buffer, gradient)
    criterion.evaluate(logits, labels, { shape: SHAPE, gradient: buffer, gradientScale: 2, accumulate: true })
    for (const [index, value] of buffer.entries()) t.true(Math.abs(value - 3 * gradient[index]!) <= 1e-8)
    const double = criterion.evaluate(Float64Array.from(logits), labels, { shape: SHAPE, gradient: true })
    t.is(double.gradient.constructor, Float64Array)
  })

  test(`${face}: shared memory is read and written`, (t) => {
    const shared = new Float32Array(new SharedArrayBuffer(logits.byteLength))
    shared.set(logits)
    const gradient = new Float32Array(new SharedArrayBuffer(logits.byteLength))
    const expected = module.diceLoss(logits, labels, { ...softmax, gradient: true })
    t.is(module.diceLoss(shared, labels, { ...softmax, gradient }).loss, expected.loss)
    t.deepEqual(Float32Array.from(gradient), expected.gradient)
  })

  test(`${face}: a part of a larger array is read where it lies`, (t) => {
    const memory = new Float32Array(logits.length + 3)
    memory.set(logits, 3)
    t.is(module.diceLoss(memory.subarray(3), labels, softmax).loss, module.diceLoss(logits, labels, softmax).loss)
  })

  test(`${face}: channels last is the same loss`, (t) => {
    const last = new Float32Array(logits.length)
    for (const [index, value] of logits.entries()) {
      const pixel = index % PIXELS
      const plane = Math.floor(index / PIXELS)
      last[(Math.floor(plane / CLASSES) * PIXELS + pixel) * CLASSES + (plane % CLASSES)] = value
    }
    const { loss } = module.diceLoss(last, labels, { activation: 'softmax', layout: 'NHWC', shape: [2, 4, 5, 3] })
    t.is(loss, module.diceLoss(logits, labels, softmax).loss)
  })

  test(`${face}: terms of a compound are before their weights`, (t) => {
    const dice = { smooth: 1, weight: 0.5 }
    const crossEntropy = { labelSmoothing: 0.1, weight: 2 }
    const { loss, terms } = module.diceCrossEntropyLoss(logits, labels, { ...softmax, dice, crossEntropy })
    t.is(terms.dice, module.diceLoss(logits, labels, { ...softmax, smooth: 1 }).loss)
    t.is(terms.crossEntropy, module.crossEntropyLoss(logits, labels, { ...softmax, labelSmoothing: 0.1 }).loss)
    t.true(Math.abs(loss - (0.5 * terms.dice + 2 * terms.crossEntropy)) <= 1e-15)
  })

  test(`${face}: the region losses are one family`, (t) => {
    const { diceLoss, jaccardLoss, tverskyLoss, focalTverskyLoss, logDiceLoss } = module
    const { loss } = diceLoss(logits, labels, softmax)
    t.is(tverskyLoss(logits, labels, softmax).loss, loss)
    t.is(focalTverskyLoss(logits, labels, { ...softmax, gamma: 1 }).loss, loss)
    t.is(tverskyLoss(logits, labels, { ...softmax, alpha: 1, beta: 1 }).loss, jaccardLoss(logits, labels, softmax).loss)
    const one = { ...softmax, scorePer: 'batch' } as const
    const score = 1 - diceLoss(logits, labels, one).loss
    t.true(Math.abs(logDiceLoss(logits, labels, one).loss + Math.log(score)) < 1e-14)
    t.true(Math.abs(focalTverskyLoss(logits, labels, one).loss - (1 - score) ** 0.75) < 1e-14)
  })

  test(`${face}: labels and their planes are the same target`, (t) => {
    t.is(module.diceLoss(logits, planes, softmax).loss, module.diceLoss(logits, labels, softmax).loss)
  })

  test(`${face}: NaN in the prediction is counted, not thrown`, (t) => {
    const broken = Float32Array.from(logits)
    broken[3] = NaN
    broken[30] = Infinity
    const { loss, nonFinite } = module.diceLoss(broken, labels, softmax)
    t.is(loss, NaN)
    t.is(nonFinite, 2)
  })

  test(`${face}: functions carry their names`, (t) => {
    t.is(module.diceLoss.name, 'diceLoss')
    t.is(module.diceCrossEntropyLoss.name, 'diceCrossEntropyLoss')
  })
}
