/** Losses of single pixels where float32 has few digits left: predictions that are certain, rightly or wrongly, and equal errors. */
import type { Activation, PixelTerm } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import { criterion, crossEntropy, type Data, evaluate, lovasz, pixelLoss } from './cases/build.ts'
import { random } from './cases/data.ts'
import { nativeEngine, nativeTest } from './native/engine.ts'

/** Of the largest element, however small that is: 1 − p and −log p keep their digits where p is almost 1. */
const GRADIENT = 2e-6
const VALUE = 1e-7
const PIXELS = 500

const right = reference.engine()

/** Logits up to `scale` in size; `correct`: those of the label's class above 0, all others below. */
function logits(classes: number, scale: number, correct: boolean): Data {
  const next = random(classes + scale)
  const target = Uint8Array.from({ length: PIXELS }, () => Math.floor(next() * classes))
  const prediction = Float32Array.from({ length: classes * PIXELS }, (_, i) => {
    const z = scale * (2 * next() - 1)
    return correct ? (target[i % PIXELS] === Math.floor(i / PIXELS) ? 1 : -1) * Math.abs(z) : z
  })
  return { prediction, samples: 1, pixels: PIXELS, target }
}

function* functions(classes: number, activation: Activation): Generator<PixelTerm> {
  const forms = activation === 'softmax' ? (['categorical'] as const) : (['categorical', 'binary'] as const)
  for (const form of forms) {
    for (const name of ['focal', 'poly', 'generalized'] as const) {
      for (const gamma of name === 'generalized' ? [0.01, 0.7, 1] : [0, 0.1, 1, 2, 3.3]) {
        for (const softTarget of ['linear', 'mixed'] as const) {
          yield pixelLoss(classes, { form, function: name, gammas: Array<number>(classes).fill(gamma), softTarget })
        }
      }
    }
  }
}

nativeTest(
  `functions of certain predictions: values to ${VALUE}, gradients to ${GRADIENT} of the largest element`,
  (t) => {
    for (const activation of ['softmax', 'sigmoid'] as const) {
      for (const classes of [2, 5]) {
        for (const scale of [1, 10, 30, 80]) {
          for (const correct of [false, true]) {
            const data = logits(classes, scale, correct)
            for (const term of functions(classes, activation)) {
              const spec = criterion(classes, term, { activation })
              const actual = evaluate(nativeEngine(), spec, data)
              const expected = evaluate(right, spec, { ...data, prediction: Float64Array.from(data.prediction) })
              const largest = Math.max(...Array.from(expected.gradient, Math.abs))
              const error = Math.max(
                ...Array.from(expected.gradient, (slope, i) => Math.abs(actual.gradient[i]! - slope)),
              )
              const name = JSON.stringify({ activation, classes, scale, correct, term })
              t.true(error <= GRADIENT * largest, `${error / largest} ${name}`)
              t.true(Math.abs(actual.loss - expected.loss) <= VALUE * Math.max(1, expected.loss), name)
            }
          }
        }
      }
    }
  },
)

nativeTest('equal losses and equal errors go by position', (t) => {
  const [classes, samples, pixels] = [2, 2, 40]
  // Three kinds of pixels, each of them many times.
  const kinds = [-1, 0.5, 2] as const
  const target = Uint8Array.from({ length: samples * pixels }, (_, i) => (i % 7 < 3 ? 1 : 0))
  const prediction = Float32Array.from({ length: samples * classes * pixels }, (_, i) =>
    Math.floor(i / pixels) % classes === 0 ? 0 : kinds[i % 3]!,
  )
  const data = { prediction, samples, pixels, target }
  // Of two classes together, errors are equal but for rounding, which is the engine's own.
  for (const scorePer of ['sample-class', 'class'] as const) {
    for (const term of [lovasz(classes, { scorePer }), crossEntropy({ topPercent: 37, meanOver: 'pixels' })]) {
      const spec = criterion(classes, term)
      const actual = evaluate(nativeEngine(), spec, data)
      const expected = evaluate(right, spec, { ...data, prediction: Float64Array.from(prediction) })
      t.true(Math.abs(actual.loss - expected.loss) <= VALUE, JSON.stringify(term))
      const largest = Math.max(...Array.from(expected.gradient, Math.abs))
      expected.gradient.forEach((slope, i) => {
        t.true(Math.abs(actual.gradient[i]! - slope) <= GRADIENT * largest, `${i} ${JSON.stringify(term)}`)
      })
    }
  }
})
