import test from 'ava'
import fc from 'fast-check'
import { reference } from '../src/reference/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, type Data, evaluate, lossOf, region } from './cases/build.ts'
import { randomData } from './cases/data.ts'

const engine = reference.engine()

/** Random data of any small size, by its seed. */
const anyData = fc
  .record({
    activation: fc.constantFrom('softmax' as const, 'sigmoid' as const, 'none' as const),
    samples: fc.integer({ min: 1, max: 3 }),
    classes: fc.integer({ min: 2, max: 4 }),
    pixels: fc.integer({ min: 1, max: 40 }),
    target: fc.constantFrom('labels' as const, 'one-hot' as const, 'soft' as const),
    channelsLast: fc.boolean(),
    weighted: fc.boolean(),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  })
  .map((options) => {
    const { activation, classes } = options
    return { activation, classes, data: randomData(options) }
  })

const close = (a: number, b: number, tolerance = 1e-12): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))

test('a region loss lies in [0, 1]', (t) => {
  fc.assert(
    fc.property(
      anyData,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('product' as const, 'absolute' as const),
      ({ activation, classes, data }, alpha, beta, form) => {
        const loss = lossOf(engine, criterion(classes, region(classes, { alpha, beta, form }), { activation }), data)
        t.true(loss >= -1e-12 && loss <= 1 + 1e-12)
      },
    ),
  )
})

test('a cross-entropy is not negative', (t) => {
  fc.assert(
    fc.property(
      anyData,
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      ({ activation, classes, data }, labelSmoothing) => {
        const term =
          activation === 'sigmoid' ? binaryCrossEntropy({ labelSmoothing }) : crossEntropy({ labelSmoothing })
        t.true(lossOf(engine, criterion(classes, term, { activation }), data) >= 0)
      },
    ),
  )
})

test('the order of the classes has no effect', (t) => {
  fc.assert(
    fc.property(anyData, ({ activation, classes, data }) => {
      const reversed: Data = {
        ...data,
        prediction: reverseClasses(data, data.prediction as Float64Array, classes),
        target:
          data.perClass === true
            ? reverseClasses(data, data.target as Float64Array, classes)
            : Uint8Array.from(data.target as Uint8Array, (label) => classes - 1 - label),
      }
      const weights = Array.from({ length: classes }, (_, c) => c + 1)
      const spec = (classWeights: number[]) =>
        criterion(classes, [region(classes, { classWeights }), entropyFor(activation, classWeights)], { activation })
      t.true(close(lossOf(engine, spec(weights), data), lossOf(engine, spec(weights.toReversed()), reversed)))
    }),
  )
})

test('a batch is its samples: values and gradients per sample and class', (t) => {
  fc.assert(
    fc.property(anyData, ({ activation, classes, data }) => {
      const spec = criterion(classes, region(classes, { reduction: 'sum', form: 'squared' }), { activation })
      const whole = evaluate(engine, spec, data)
      for (let n = 0; n < data.samples; n++) {
        const part = evaluate(engine, spec, sampleOf(data, n, classes))
        t.deepEqual(part.values, whole.values.slice(n * classes, (n + 1) * classes))
        const width = classes * data.pixels
        t.deepEqual(part.gradient, whole.gradient.slice(n * width, (n + 1) * width))
      }
    }),
  )
})

test('the values of a cross-entropy add up to its loss', (t) => {
  fc.assert(
    fc.property(anyData, ({ activation, classes, data }) => {
      const { loss, values } = evaluate(engine, criterion(classes, entropyFor(activation), { activation }), data)
      t.true(
        close(
          values.reduce((sum, value) => sum + value, 0),
          loss,
        ),
      )
    }),
  )
})

test('sums keep what a running sum loses', (t) => {
  const pixels = 1 << 17
  const prediction = new Float64Array(pixels).fill(1e-9)
  prediction[0] = 1
  const spec = criterion(1, region(1, { reduction: 'sum', smoothNumerator: 0, smoothDenominator: 0 }), {
    activation: 'none',
  })
  const target = new Uint8Array(pixels)
  target[0] = 1
  const P = 1 + 1e-9 * (pixels - 1)
  t.true(close(lossOf(engine, spec, { prediction, samples: 1, pixels, target }), 1 - 2 / (P + 1), 1e-15))
})

function entropyFor(activation: string, classWeights?: number[]) {
  return activation === 'sigmoid' ? binaryCrossEntropy({ classWeights }) : crossEntropy({ classWeights })
}

function reverseClasses(data: Data, array: Float64Array, classes: number): Float64Array {
  return Float64Array.from(array, (_, i) => {
    const plane = data.channelsLast === true ? 1 : data.pixels
    const c = Math.floor(i / plane) % classes
    return array[i + (classes - 1 - 2 * c) * plane]!
  })
}

function sampleOf(data: Data, n: number, classes: number): Data {
  const width = classes * data.pixels
  const step = data.perClass === true ? width : data.pixels
  return {
    ...data,
    samples: 1,
    prediction: data.prediction.slice(n * width, (n + 1) * width),
    target: data.target.slice(n * step, (n + 1) * step),
    pixelWeights: data.pixelWeights?.slice(n * data.pixels, (n + 1) * data.pixels),
  }
}
