/** One criterion at several scales: nearest neighbors of the target, weights, gradients. */
import test from 'ava'

import { resizeNearest } from '../src/resize.ts'
import { FACES, thrown, untyped } from './faces.ts'

const shapes = [
  [2, 3, 6, 8],
  [2, 3, 3, 4],
  [2, 3, 2, 3],
]
const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1)
const predictions = shapes.map((shape, k) =>
  Float64Array.from({ length: size(shape) }, (_, i) => Math.sin(i * (k + 1) * 0.7)),
)
const labels = Uint8Array.from({ length: 2 * 6 * 8 }, (_, i) => (i * 7 + (i >> 3)) % 3)

/** The source of a pixel, as PyTorch's documentation of `nearest-exact` has it. */
const source = (i: number, from: number, to: number): number => Math.min(Math.floor((i + 0.5) * (from / to)), from - 1)
function nearest(data: ArrayLike<number>, [, , rows, columns]: readonly number[], planes: number): number[] {
  return Array.from({ length: planes * rows! * columns! }, (_, i) => {
    const plane = Math.floor(i / (rows! * columns!))
    const row = source(Math.floor(i / columns!) % rows!, 6, rows!)
    return data[(plane * 6 + row) * 8 + source(i % columns!, 8, columns!)]!
  })
}
const pyramid = shapes.map((shape) => Uint8Array.from(nearest(labels, shape, 2)))

test('a pixel takes the one in which its center lies', (t) => {
  const line = (length: number, to: number): number[] => [
    ...resizeNearest(
      Uint8Array.from({ length }, (_, i) => i),
      { lead: 1, spatial: [length], trail: 1 },
      [to],
    ),
  ]
  t.deepEqual(line(4, 2), [1, 3])
  t.deepEqual(line(5, 2), [1, 3])
  t.deepEqual(line(5, 3), [0, 2, 4])
  t.deepEqual(line(6, 4), [0, 2, 3, 5])
  t.deepEqual(line(2, 4), [0, 0, 1, 1])
  t.deepEqual(line(3, 3), [0, 1, 2])
  const pixels = Int16Array.of(0, 1, 10, 11, 20, 21, 30, 31)
  t.deepEqual(resizeNearest(pixels, { lead: 1, spatial: [2, 2], trail: 2 }, [1, 2]), Int16Array.of(20, 21, 30, 31))
  t.deepEqual(resizeNearest(pixels, { lead: 2, spatial: [4], trail: 1 }, [2]), Int16Array.of(1, 11, 21, 31))
})

for (const [face, module] of FACES) {
  const { deepSupervision, DiceCrossEntropyLoss, DiceLoss, FocalLoss } = module
  const criterion = new DiceCrossEntropyLoss({ activation: 'softmax' })
  const apart = predictions.map((prediction, k) =>
    criterion.evaluate(prediction, pyramid[k]!, { shape: shapes[k]!, gradient: true }),
  )
  const weighted = (weights: readonly number[]): number =>
    apart.reduce((sum, { loss }, k) => sum + weights[k]! * loss, 0)
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12

  test(`${face}: the loss is the weighted sum over the scales, and so are the gradients`, (t) => {
    const { loss, scales, gradients } = deepSupervision(criterion).evaluate(predictions, labels, {
      shapes,
      gradients: true,
      gradientScale: 3,
    })
    t.true(near(loss, weighted([1, 0.5, 0.25])))
    for (const [k, { loss: own, terms }] of scales.entries()) {
      t.is(own, apart[k]!.loss)
      t.deepEqual(terms, apart[k]!.terms)
      t.is(gradients[k]!.length, predictions[k]!.length)
      for (const [i, slope] of gradients[k]!.entries()) {
        // The native gradient is float32: here it was scaled after its rounding, there before.
        t.true(Math.abs(slope - 3 * 0.5 ** k * apart[k]!.gradient[i]!) <= 1e-6)
      }
    }
  })

  test(`${face}: weights by mode and by number`, (t) => {
    const loss = (options: object): number =>
      deepSupervision(criterion, options).evaluate(predictions, labels, { shapes }).loss
    t.true(near(loss({ weightMode: 'same' }), weighted([1, 1, 1])))
    t.true(near(loss({ weightMode: 'two' }), weighted([1, 0.5, 0.5])))
    t.true(near(loss({ weights: [2, 0, 1] }), weighted([2, 0, 1])))
    const six = Array.from({ length: 6 }, () => predictions[0]!)
    const sixShapes = six.map(() => shapes[0]!)
    const sum = deepSupervision(criterion).evaluate(six, labels, { shapes: sixShapes }).loss
    t.true(near(sum, (1 + 0.5 + 0.25 + 0.125 + 2 * 0.0625) * apart[0]!.loss))
  })

  test(`${face}: a scale of weight 0 adds nothing, not even NaN`, (t) => {
    const broken = [predictions[0]!, predictions[1]!.map(() => NaN), predictions[2]!]
    const supervision = deepSupervision(criterion, { weights: [1, 0, 1] })
    const fresh = supervision.evaluate(broken, labels, { shapes, gradients: true })
    t.true(near(fresh.loss, weighted([1, 0, 1])))
    t.is(fresh.scales[1]!.loss, NaN)
    t.deepEqual(fresh.gradients[1], new Float64Array(predictions[1]!.length))
    const buffers = predictions.map((prediction) => new Float64Array(prediction.length).fill(7))
    const kept = supervision.evaluate(broken, labels, { shapes, gradients: buffers, accumulate: true })
    t.true(kept.gradients.every((gradient, k) => gradient === buffers[k]))
    t.deepEqual(kept.gradients[1], new Float64Array(predictions[1]!.length).fill(7))
    t.true(near(buffers[0]![5]!, 7 + apart[0]!.gradient[5]!))
  })

  test(`${face}: a target of any shape, of planes and of either layout is resized alike`, (t) => {
    const expected = weighted([1, 0.5, 0.25])
    const supervision = deepSupervision(criterion)
    const objects = predictions.map((data, k) => ({ data, shape: shapes[k]! }))
    const planes = Float32Array.from({ length: size(shapes[0]!) }, (_, i) =>
      Number(labels[Math.floor(i / 144) * 48 + (i % 48)] === Math.floor(i / 48) % 3),
    )
    t.true(near(supervision.evaluate(objects, { data: labels, shape: [2, 6, 8] }).loss, expected))
    t.true(near(supervision.evaluate(objects, { data: labels, shape: [2, 1, 6, 8] }).loss, expected))
    t.true(near(supervision.evaluate(objects, { data: planes, shape: shapes[0]! }).loss, expected))
    t.true(near(supervision.evaluate(objects, planes).loss, expected))
    const low = supervision.evaluate([objects[1]!], { data: labels, shape: [2, 6, 8] })
    t.is(low.loss, apart[1]!.loss)

    const last = (data: Float64Array | Float32Array, [n, c, h, w]: readonly number[]) => ({
      data: data.map(
        (_, i) => data[(Math.floor(i / (c! * h! * w!)) * c! + (i % c!)) * h! * w! + (Math.floor(i / c!) % (h! * w!))]!,
      ),
      shape: [n!, h!, w!, c!],
    })
    const channelsLast = deepSupervision(new DiceCrossEntropyLoss({ activation: 'softmax', layout: 'NHWC' }))
    const turned = predictions.map((data, k) => last(data, shapes[k]!))
    t.true(near(channelsLast.evaluate(turned, labels).loss, expected))
    t.true(near(channelsLast.evaluate(turned, last(planes, shapes[0]!)).loss, expected))
  })

  test(`${face}: pixel weights are resized with the target`, (t) => {
    const pixelWeights = Float32Array.from(labels, (_, i) => (i % 5) / 4)
    const { scales } = deepSupervision(criterion).evaluate(predictions, labels, { shapes, pixelWeights })
    for (const [k, { loss }] of scales.entries()) {
      const own = Float32Array.from(nearest(pixelWeights, shapes[k]!, 2))
      t.is(loss, criterion.evaluate(predictions[k]!, pyramid[k]!, { shape: shapes[k]!, pixelWeights: own }).loss)
    }
  })

  test(`${face}: a combination can be supervised`, (t) => {
    const both = module.combine([
      [1, new DiceLoss({ activation: 'softmax' })],
      [1, new FocalLoss({ activation: 'softmax' })],
    ])
    const { scales } = deepSupervision(both).evaluate(predictions, labels, { shapes })
    t.deepEqual(Object.keys(scales[2]!.terms!), ['dice', 'focal'])
  })

  /** [what is refused, options, call, code] */
  const REFUSED: readonly (readonly [string, object, unknown, object, string])[] = [
    ['two kinds of weights', { weights: [1], weightMode: 'same' }, predictions, { shapes }, 'OPTION_CONFLICT'],
    ['an unknown mode', { weightMode: 'linear' }, predictions, { shapes }, 'OPTION_VALUE'],
    ['no weight at all', { weights: [0, 0, 0] }, predictions, { shapes }, 'OPTION_VALUE'],
    ['negative weights', { weights: [1, -1, 1] }, predictions, { shapes }, 'OPTION_VALUE'],
    ['another number of weights', { weights: [1, 1] }, predictions, { shapes }, 'OPTION_CONFLICT'],
    ['no list of predictions', {}, predictions[0], { shapes }, 'OPTION_TYPE'],
    ['no predictions', {}, [], {}, 'OPTION_TYPE'],
    ['too few shapes', {}, predictions, { shapes: shapes.slice(1) }, 'OPTION_TYPE'],
    ['no shapes', {}, predictions, {}, 'OPTION_MISSING'],
    ['too few gradients', {}, predictions, { shapes, gradients: [new Float64Array(288)] }, 'OPTION_TYPE'],
    ['a gradient scale alone', {}, predictions, { shapes, gradientScale: 2 }, 'OPTION_CONFLICT'],
    ['an option of the criterion', {}, predictions, { shapes, gradient: true }, 'OPTION_UNKNOWN'],
    ['other classes in a scale', {}, predictions.slice(0, 2), { shapes: [shapes[0], [2, 2, 3, 6]] }, 'SHAPE'],
  ]
  for (const [name, options, list, call, code] of REFUSED) {
    test(`${face}: deep supervision refuses ${name}`, (t) => {
      const error = thrown(() =>
        deepSupervision(criterion, untyped(options)).evaluate(untyped(list), labels, untyped(call)),
      ) as Error & { code?: string }
      t.is(error.code, `ERR_MASKLOSS_${code}`, error.message)
    })
  }

  const sizes = shapes.map(size)
  const [full, half, quarter] = sizes as [number, number, number]
  const fresh = (): Float64Array[] => sizes.map((length) => new Float64Array(length).fill(7))
  const memory = (length: number): Float64Array => new Float64Array(length).fill(7)
  /** [what is refused, what differs from a call that is right, code]; the last scale, which is at fault, weighs 0 or ¼. */
  const UNWRITTEN: readonly (readonly [
    string,
    () => { predictions?: unknown; target?: unknown; call?: object },
    string,
  ])[] = [
    ['a gradient scale of NaN', () => ({ call: { gradientScale: NaN } }), 'OPTION_VALUE'],
    ['a gradient scale in letters', () => ({ call: { gradientScale: '1' } }), 'OPTION_TYPE'],
    ['accumulation in letters', () => ({ call: { accumulate: 'yes' } }), 'OPTION_TYPE'],
    ['no threads', () => ({ call: { threads: 0 } }), 'OPTION_VALUE'],
    ['weights of a pixel too many', () => ({ call: { pixelWeights: new Float32Array(97) } }), 'SHAPE'],
    ['an integer prediction', () => ({ predictions: [...predictions.slice(0, 2), new Int8Array(quarter)] }), 'DTYPE'],
    [
      'a short prediction',
      () => ({ predictions: [...predictions.slice(0, 2), new Float64Array(quarter - 1)] }),
      'SHAPE',
    ],
    ['a short gradient', () => ({ call: { gradients: [...fresh().slice(0, 2), memory(quarter - 1)] } }), 'SHAPE'],
    [
      'a gradient of another type',
      () => ({ call: { gradients: [...fresh().slice(0, 2), new Float32Array(quarter).fill(7)] } }),
      'DTYPE',
    ],
    ['a gradient that is none', () => ({ call: { gradients: [...fresh().slice(0, 2), true] } }), 'OPTION_TYPE'],
    [
      'a gradient in the memory of another',
      () => {
        const shared = memory(full)
        return { call: { gradients: [shared, memory(half), shared.subarray(full - quarter)] } }
      },
      'OVERLAP',
    ],
    [
      'a gradient in the memory of the prediction of another scale',
      () => {
        const shared = memory(full)
        const first = shared.subarray(0, quarter)
        return {
          predictions: [...predictions.slice(0, 2), first],
          call: { gradients: [shared, memory(half), memory(quarter)] },
        }
      },
      'OVERLAP',
    ],
    [
      'a gradient in the memory of its own prediction',
      () => {
        const shared = memory(quarter)
        return {
          predictions: [...predictions.slice(0, 2), shared],
          call: { gradients: [memory(full), memory(half), shared] },
        }
      },
      'OVERLAP',
    ],
    [
      'a gradient in the memory of a target that is resized',
      () => {
        const shared = memory(labels.length)
        return { target: shared, call: { gradients: [memory(full), memory(half), shared.subarray(0, quarter)] } }
      },
      'OVERLAP',
    ],
    [
      'a gradient in the memory of weights that are resized',
      () => {
        const pixelWeights = memory(labels.length)
        const gradients = [memory(full), memory(half), pixelWeights.subarray(0, quarter)]
        return { call: { pixelWeights, gradients } }
      },
      'OVERLAP',
    ],
  ]
  for (const [name, fault, code] of UNWRITTEN) {
    test(`${face}: deep supervision refuses ${name} before it writes`, (t) => {
      for (const weights of [
        [1, 0.5, 0.25],
        [1, 0.5, 0],
      ]) {
        const { predictions: list = predictions, target = labels, call = {} } = fault()
        const whole = { shapes, gradients: fresh(), ...call }
        const error = thrown(() =>
          deepSupervision(criterion, { weights }).evaluate(untyped(list), untyped(target), untyped(whole)),
        ) as Error & { code?: string }
        t.is(error.code, `ERR_MASKLOSS_${code}`, error.message)
        const written = whole.gradients.filter((gradient) => ArrayBuffer.isView(gradient))
        t.true(written.every((gradient) => gradient.every((value) => value === 7)))
      }
    })
  }

  test(`${face}: the factor of a scale's gradient must be finite`, (t) => {
    const supervision = deepSupervision(criterion, { weights: [1, 1, 1e200] })
    const gradients = fresh()
    const evaluate = (): unknown =>
      supervision.evaluate(predictions, labels, { shapes, gradients, gradientScale: 1e200 })
    t.regex(thrown(evaluate).message, /a finite number for gradientScale but found Infinity/)
    t.true(gradients.every((gradient) => gradient.every((value) => value === 7)))
  })

  test(`${face}: images and half precision can be supervised`, (t) => {
    const dice = new DiceLoss({ activation: 'sigmoid' })
    const bits = Uint16Array.from({ length: 48 }, (_, i) => 0x3c00 + i) // 1, 1 + 2⁻¹⁰, …
    const numbers = Float32Array.from(bits, (_, i) => 1 + i / 1024)
    const gradients = [new Float32Array(48)]
    const mask = labels.subarray(0, 48).map((label) => Number(label > 0))
    const halves = { data: bits, dims: [1, 1, 6, 8], type: 'float16' }
    const supervised = deepSupervision(dice).evaluate([halves], mask, { gradients })
    const plain = dice.evaluate(numbers, mask, { shape: [1, 1, 6, 8], gradient: true })
    const image = deepSupervision(dice).evaluate([{ data: numbers, width: 8, height: 6, channels: 1 }], mask)
    t.is(supervised.loss, plain.loss)
    t.deepEqual(gradients[0], plain.gradient)
    t.is(image.loss, plain.loss)
  })

  test(`${face}: only criteria can be supervised`, (t) => {
    t.regex(thrown(() => deepSupervision(untyped(module.diceLoss))).message, /^Expected a criterion of maskloss/)
  })
}
