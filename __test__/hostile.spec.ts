/** Arguments that try to change the data under a call: every one ends in an error or in the right number. */
import test from 'ava'
import fc from 'fast-check'

import { isMasklossError } from '../src/index.ts'
import { detached, FACES, thrown, untyped } from './faces.ts'

const SHAPE = [1, 2, 2, 2]
const softmax = { activation: 'softmax', shape: SHAPE } as const
const values = Float32Array.of(1, 2, 3, 4, 4, 3, 2, 1)
const labels = Uint8Array.of(0, 1, 1, 0)
const code = (call: () => unknown): unknown => (thrown(call) as { code?: unknown }).code

for (const [face, { diceLoss, DiceLoss }] of FACES) {
  const { loss } = diceLoss(values, labels, softmax)

  test(`${face}: a getter among the options cannot take the prediction away unseen`, (t) => {
    const prediction = values.slice()
    const options = {
      ...softmax,
      get smooth(): number {
        detached(prediction)
        return 1
      },
    }
    t.is(
      code(() => diceLoss(prediction, labels, options)),
      'ERR_MASKLOSS_DETACHED',
    )
  })

  test(`${face}: a getter of one tensor cannot take another away unseen`, (t) => {
    const prediction = values.slice()
    const target = {
      dims: [1, 2, 2],
      type: 'uint8',
      get data(): Uint8Array {
        detached(prediction)
        return labels
      },
    }
    t.is(
      code(() => diceLoss(prediction, target, softmax)),
      'ERR_MASKLOSS_DETACHED',
    )
    const gradient = new Float32Array(8)
    const pixelWeights = {
      shape: [2, 2],
      dtype: 'float32',
      dataSync: (): Float32Array => {
        detached(gradient)
        return new Float32Array(4)
      },
    }
    t.is(
      code(() => diceLoss(values, labels, { ...softmax, pixelWeights, gradient })),
      'ERR_MASKLOSS_DETACHED',
    )
  })

  test(`${face}: an array with a false length is read by its true one`, (t) => {
    class Liar extends Float32Array {
      override get length(): number {
        return 8
      }
    }
    t.is(
      code(() => diceLoss(new Liar(4), labels, softmax)),
      'ERR_MASKLOSS_SHAPE',
    )
    t.is(
      code(() => diceLoss(values, Object.defineProperty(new Uint8Array(1), 'length', { value: 4 }), softmax)),
      'ERR_MASKLOSS_SHAPE',
    )
    class Honest extends Float32Array {}
    t.is(diceLoss(Honest.from(values), labels, softmax).loss, loss)
  })

  test(`${face}: a call inside a getter leaves both calls right`, (t) => {
    const options = {
      activation: 'softmax' as const,
      get shape(): number[] {
        diceLoss(values, labels, { ...softmax, smooth: 100, includeBackground: false })
        return SHAPE
      },
    }
    t.is(diceLoss(values, labels, options).loss, loss)
  })

  test(`${face}: a proxy of options is options`, (t) => {
    t.is(diceLoss(values, labels, new Proxy({ ...softmax }, {})).loss, loss)
    const broken = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('broken trap')
        },
      },
    )
    t.throws(() => diceLoss(values, labels, untyped(broken)), { message: 'broken trap' })
  })

  test(`${face}: a polluted prototype is no option`, (t) => {
    const polluted = Object.prototype as { smooth?: number; dims?: number[]; gradient?: boolean }
    try {
      polluted.smooth = 666
      polluted.gradient = true
      const result = diceLoss(values, labels, softmax)
      t.is(result.loss, loss)
      t.false(Object.hasOwn(result, 'gradient'))
    } finally {
      delete polluted.smooth
      delete polluted.gradient
    }
  })

  test(`${face}: a resized buffer is found by its length`, (t) => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void }
    const memory = new Resizable(32, { maxByteLength: 64 })
    const prediction = new Float32Array(memory)
    prediction.set(values)
    t.is(diceLoss(prediction, labels, softmax).loss, loss)
    memory.resize(16)
    t.is(
      code(() => diceLoss(prediction, labels, softmax)),
      'ERR_MASKLOSS_SHAPE',
    )
  })

  test(`${face}: any value in any place is an error of maskloss or a number`, (t) => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(undefined, null, NaN, -1, 0, 2 ** 53, 3n, '', 'softmax', true, Symbol('a'), () => 1),
      fc.constantFrom<unknown>([], {}, [1], [[1]], new Float32Array(8), new Uint8Array(4), new Map(), new Date()),
      fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }),
    )
    const names = [
      'activation',
      'layout',
      'target',
      'ignoreIndex',
      'regions',
      'maskValue',
      'checkValues',
      'scorePer',
      'form',
      'smooth',
      'smoothScale',
      'includeBackground',
      'classes',
      'classWeights',
      'weightMode',
      'emptyClass',
      'reduction',
      'shape',
      'pixelWeights',
      'gradient',
      'gradientScale',
      'accumulate',
      'threads',
      'prediction',
      'labels',
      'evaluate',
    ]
    const criterion = new DiceLoss({ activation: 'softmax' })
    criterion.evaluate(values, labels, { shape: SHAPE })
    fc.assert(
      fc.property(fc.constantFrom(...names), junk, (name, value) => {
        try {
          if (name === 'prediction') diceLoss(untyped(value), labels, softmax)
          else if (name === 'labels') diceLoss(values, untyped(value), softmax)
          else if (name === 'evaluate') criterion.evaluate(values, labels, untyped(value))
          else diceLoss(values, labels, untyped({ ...softmax, [name]: value }))
          if (name === 'shape') criterion.evaluate(values, labels, untyped({ shape: value }))
        } catch (error) {
          if (!isMasklossError(error)) throw error
        }
      }),
      { numRuns: 2000 },
    )
    t.pass()
  })
}
