/** Hostile memory and hostile numbers in front of the native engine: an error with a code, or the right number. */
import { crossEntropyLoss, diceLoss, isMasklossError } from '../src/index.ts'
import { detached, thrown, untyped } from './faces.ts'
import { binding } from './native/binding.ts'
import { nativeTest } from './native/engine.ts'
import { numbersOf } from './native/numbers.ts'
import { sameBytes } from './native/run.ts'

const SHAPE = [2, 3, 4, 5] as const
const ELEMENTS = 120
const PIXELS = 40
const prediction = Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i))
const labels = Uint8Array.from({ length: PIXELS }, (_, i) => i % 3)
const weights = Float32Array.from({ length: PIXELS }, (_, i) => 1 + (i % 2))
const softmax = { activation: 'softmax', shape: [...SHAPE] } as const

const code = (call: () => unknown): string => {
  const error = thrown(call)
  return isMasklossError(error) ? error.code : String(error)
}

/** A sound plan, and a sound call of its function, by name. */
const sound = () => ({
  plan: Float64Array.of(2, 3, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0) as unknown,
  numbers: numbersOf({ samples: 2, pixels: 20 }) as unknown,
  prediction: prediction.slice() as unknown,
  target: labels.slice() as unknown,
  gradient: new Float32Array(ELEMENTS) as unknown,
  pixelWeights: weights.slice() as unknown,
  values: new Float64Array(3) as unknown,
})
const evaluate = (changes: Partial<ReturnType<typeof sound>>): number => {
  const { plan, numbers, prediction: z, target, gradient, pixelWeights, values } = { ...sound(), ...changes }
  return binding().compile(plan as Float64Array, '', 1)(
    numbers as ArrayBuffer,
    z,
    target,
    gradient,
    pixelWeights,
    values,
  )
}
const OVERLAP = 7

nativeTest('a detached array in any place', (t) => {
  const given = () => ({ pixelWeights: weights.slice(), gradient: new Float32Array(ELEMENTS) })
  const found = [
    code(() => diceLoss(detached(prediction.slice()), labels, { ...softmax, ...given() })),
    code(() => diceLoss(prediction, detached(labels.slice()), { ...softmax, ...given() })),
    code(() => diceLoss(prediction, labels, { ...softmax, ...given(), pixelWeights: detached(weights.slice()) })),
    code(() =>
      diceLoss(prediction, labels, { ...softmax, ...given(), gradient: detached(new Float32Array(ELEMENTS)) }),
    ),
  ]
  t.deepEqual(found, new Array(4).fill('ERR_MASKLOSS_DETACHED'))
  for (const name of ['plan', 'prediction', 'target', 'pixelWeights', 'gradient', 'values'] as const) {
    t.throws(
      () => evaluate({ [name]: detached((sound()[name] as Float32Array<ArrayBuffer>).slice()) }),
      undefined,
      name,
    )
  }
  const numbers = numbersOf({ samples: 2, pixels: 20 })
  structuredClone(0, { transfer: [numbers] })
  t.throws(() => evaluate({ numbers }))
})

nativeTest('a buffer that is too small, shared, or none', (t) => {
  for (const bytes of [0, 7, 8, 55, 56, 64, 79]) {
    const numbers = numbersOf({ samples: 2, pixels: 20 }).slice(0, bytes)
    const message = t.throws(() => evaluate({ numbers })).message
    t.regex(message, /^Expected /, `${bytes} bytes`)
  }
  // A report has room for a fault, whatever is found.
  t.throws(() => evaluate({ numbers: numbersOf({ samples: 2, pixels: 20 }, 3) }))
  t.is(evaluate({ numbers: numbersOf({ samples: 2, pixels: 20 }, 4) }), 0)
  // The values need room behind the report where they have no array.
  t.throws(() => evaluate({ numbers: numbersOf({ samples: 2, pixels: 20 }, 5), values: undefined }))
  t.is(evaluate({ numbers: numbersOf({ samples: 2, pixels: 20 }, 6), values: undefined }), 0)
  for (const numbers of [new Float64Array(11), new SharedArrayBuffer(88), new DataView(new ArrayBuffer(88)), {}, 0]) {
    t.throws(() => evaluate({ numbers }), undefined, Object.prototype.toString.call(numbers))
  }
})

nativeTest('values of a wrong length, and no room for them: nothing is written', (t) => {
  const numbers = numbersOf({ samples: 2, pixels: 20 }, 5)
  for (const changes of [
    { values: new Float64Array(2) },
    { values: new Float64Array(4) },
    { numbers, values: undefined },
  ]) {
    const gradient = new Float32Array(ELEMENTS).fill(7)
    t.throws(() => evaluate({ gradient, ...changes }))
    t.true(gradient.every((slope) => slope === 7))
  }
})

nativeTest('a shrunk buffer is as long as it is now', (t) => {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void }
  for (const [length, wanted] of [
    [ELEMENTS - 1, 'ERR_MASKLOSS_SHAPE'],
    [0, 'ERR_MASKLOSS_SHAPE'],
  ] as const) {
    const tracking = new Resizable(4 * ELEMENTS, { maxByteLength: 4 * ELEMENTS })
    const fixed = new Resizable(4 * ELEMENTS, { maxByteLength: 4 * ELEMENTS })
    const views = [new Float32Array(tracking), new Float32Array(fixed, 0, ELEMENTS)]
    for (const view of views) view.set(prediction)
    t.is(diceLoss(views[0]!, labels, softmax).loss, diceLoss(views[1]!, labels, softmax).loss)
    tracking.resize(4 * length)
    fixed.resize(4 * length)
    for (const view of views) {
      t.true(code(() => diceLoss(view, labels, softmax)).startsWith('ERR_MASKLOSS_'))
      t.throws(() => evaluate({ prediction: view }))
      t.throws(() => evaluate({ gradient: view }))
    }
    t.is(
      code(() => diceLoss(views[0]!, labels, softmax)),
      wanted,
    )
  }
})

nativeTest('shared memory in every place has the same numbers', (t) => {
  const shared = <A extends Float32Array | Uint8Array>(array: A): A => {
    const Class = array.constructor as new (memory: SharedArrayBuffer) => A
    const copy = new Class(new SharedArrayBuffer(array.byteLength))
    copy.set(array)
    return copy
  }
  const wanted = diceLoss(prediction, labels, { ...softmax, pixelWeights: weights, gradient: true })
  const found = diceLoss(shared(prediction), shared(labels), {
    ...softmax,
    pixelWeights: shared(weights),
    gradient: shared(new Float32Array(ELEMENTS)),
  })
  t.is(found.loss, wanted.loss)
  t.true(sameBytes(found.gradient, wanted.gradient))
})

nativeTest('a gradient in the memory of any input, at any distance', (t) => {
  for (const memory of [new ArrayBuffer(4096), new SharedArrayBuffer(4096)]) {
    const inputs = {
      prediction: [new Float32Array(memory, 1024, ELEMENTS).fill(1), labels.slice(), weights.slice()],
      target: [prediction.slice(), new Uint8Array(memory, 1024, PIXELS), weights.slice()],
      pixelWeights: [prediction.slice(), labels.slice(), new Float32Array(memory, 1024, PIXELS).fill(1)],
    } as const
    for (const [name, [z, g, m]] of Object.entries(inputs)) {
      const input = { prediction: z, target: g, pixelWeights: m }[name as 'prediction']
      new Uint8Array(memory, 1024, input.byteLength).fill(name === 'target' ? 1 : 0)
      for (let start = 1024 - 4 * ELEMENTS - 8; start <= 1024 + input.byteLength + 8; start += 4) {
        // A view of its own: the same memory is recognized, not the same object.
        const gradient = new Float32Array(memory, start, ELEMENTS)
        const overlaps = start < 1024 + input.byteLength && start + 4 * ELEMENTS > 1024
        const call = (): unknown => diceLoss(z, g, { ...softmax, pixelWeights: m, gradient })
        if (overlaps) t.is(code(call), 'ERR_MASKLOSS_OVERLAP', `${name} ${start}`)
        else t.notThrows(call, `${name} ${start}`)
        const status = evaluate({ prediction: z, target: g, pixelWeights: m, gradient })
        t.is(status, overlaps ? OVERLAP : 0, `${name} ${start}`)
        new Uint8Array(memory, 1024, input.byteLength).fill(name === 'target' ? 1 : 0)
      }
    }
  }
})

nativeTest('the binding writes to no memory that it reads or writes elsewhere', (t) => {
  const outputs = ['values', 'gradient'] as const
  for (const name of outputs) {
    for (const other of [...outputs, 'prediction', 'target', 'pixelWeights'] as const) {
      if (name === other) continue
      const [a, b] = [sound()[name] as Float64Array, sound()[other] as Float64Array]
      const memory = new ArrayBuffer(a.byteLength + b.byteLength)
      const view = (array: Float64Array, from: number): unknown =>
        Reflect.construct(array.constructor, [memory, from, array.length])
      const copy = view(b, 0) as Float64Array
      copy.set(b)
      const near = Math.floor((b.byteLength - 1) / a.BYTES_PER_ELEMENT) * a.BYTES_PER_ELEMENT
      t.is(evaluate({ [other]: copy, [name]: view(a, near) }), OVERLAP, `${name} in ${other}`)
    }
  }
  const numbers = numbersOf({ samples: 2, pixels: 20 }, 128)
  const inNumbers = {
    values: new Float64Array(numbers, 8 * 9, 3),
    gradient: new Float32Array(numbers, 8 * 9, ELEMENTS),
    prediction: new Float32Array(numbers, 8 * 9, ELEMENTS),
    target: new Uint8Array(numbers, 8 * 9, PIXELS),
    pixelWeights: new Float32Array(numbers, 8 * 9, PIXELS),
  }
  for (const [name, view] of Object.entries(inNumbers)) t.is(evaluate({ numbers, [name]: view }), OVERLAP, name)
  const report = new Float64Array(16)
  const counted = (counts: Float64Array, valid: Float64Array, last: Float64Array): number =>
    binding().count(
      '',
      1,
      Float64Array.of(1, 1, 1),
      1,
      1,
      2,
      false,
      false,
      0,
      0.5,
      NaN,
      labels.subarray(0, 2),
      labels.subarray(2, 4),
      counts,
      valid,
      last,
    )
  t.is(counted(report.subarray(0, 3), report.subarray(3, 4), report.subarray(4, 8)), 0)
  t.is(counted(report.subarray(0, 3), report.subarray(2, 3), report.subarray(4, 8)), OVERLAP)
  t.is(counted(report.subarray(0, 3), report.subarray(3, 4), report.subarray(3, 7)), OVERLAP)
})

nativeTest('false lengths, proxies and other dtypes', (t) => {
  class Liar extends Float32Array {
    override get length(): number {
      return ELEMENTS
    }
  }
  t.is(
    code(() => diceLoss(new Liar(ELEMENTS - 1), labels, softmax)),
    'ERR_MASKLOSS_SHAPE',
  )
  t.throws(() => evaluate({ prediction: new Liar(ELEMENTS - 1) }))
  t.throws(() => evaluate({ prediction: new Proxy(prediction, {}) }))
  t.true(code(() => diceLoss(untyped(new Proxy(prediction, {})), labels, softmax)).startsWith('ERR_MASKLOSS_'))
  for (const Class of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
    t.is(
      code(() => diceLoss(untyped(new Class(ELEMENTS)), labels, softmax)),
      'ERR_MASKLOSS_DTYPE',
      Class.name,
    )
    t.throws(() => evaluate({ prediction: new Class(ELEMENTS) }), undefined, Class.name)
    t.throws(() => evaluate({ gradient: new Class(ELEMENTS) }), undefined, Class.name)
    t.throws(() => evaluate({ pixelWeights: new Class(PIXELS) }), undefined, Class.name)
  }
  for (const Class of [BigInt64Array, BigUint64Array]) {
    t.is(
      code(() => diceLoss(untyped(new Class(ELEMENTS)), labels, softmax)),
      'ERR_MASKLOSS_DTYPE',
    )
    t.throws(() => evaluate({ prediction: new Class(ELEMENTS) }))
  }
  t.is(
    code(() => diceLoss(prediction, labels, { ...softmax, gradient: untyped(new Float64Array(ELEMENTS)) })),
    'ERR_MASKLOSS_DTYPE',
  )
  t.true(code(() => diceLoss(prediction, untyped(new DataView(new ArrayBuffer(PIXELS))), softmax)).startsWith('ERR_'))
  // JavaScript has no misaligned array: what the border would refuse cannot be made here.
  t.throws(() => new Float32Array(new ArrayBuffer(64), 2), { instanceOf: RangeError })
})

nativeTest('nothing, and more than there is', (t) => {
  const empty = new Float32Array(0)
  for (const shape of [
    [0, 3, 4, 5],
    [2, 0, 4, 5],
    [2, 3, 0, 5],
  ]) {
    t.true(code(() => diceLoss(empty, new Uint8Array(0), { activation: 'softmax', shape })).startsWith('ERR_MASKLOSS_'))
  }
  for (const shape of [
    [2 ** 53, 3, 1, 1],
    [2 ** 32, 2 ** 32, 1, 1],
    [1e308, 10, 1, 1],
    [NaN, 3, 4, 5],
    [-2, -3, 4, 5],
  ]) {
    t.true(code(() => diceLoss(prediction, labels, { activation: 'softmax', shape })).startsWith('ERR_MASKLOSS_'))
  }
  // The product agrees, an extent does not exist: what the engine would allocate for it ended the process once.
  const nothing = { prediction: empty, target: new Uint8Array(0), pixelWeights: undefined, gradient: undefined }
  const everything = Float64Array.of(2, 4e9, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0)
  t.throws(() => evaluate({ ...nothing, numbers: numbersOf({ samples: 1e12, pixels: 0 }) }))
  t.throws(() => evaluate({ ...nothing, numbers: numbersOf({ samples: 0, pixels: 1e12 }) }))
  t.throws(() => evaluate({ ...nothing, numbers: numbersOf({ samples: 0, pixels: 0 }), plan: everything }))
  for (const extent of [2 ** 63, 1e300, -1, 0.5, NaN, Infinity]) {
    t.throws(() => evaluate({ numbers: numbersOf({ samples: extent, pixels: 20 }) }), undefined, `${extent}`)
    t.throws(() => evaluate({ numbers: numbersOf({ samples: 2, pixels: extent }) }), undefined, `${extent}`)
  }
  const count = (regions: number, samples: number, classes: number, pixels: number, length: number): unknown =>
    binding().count(
      '',
      1,
      Float64Array.of(regions, ...new Array<number>(regions).fill(0)),
      samples,
      classes,
      pixels,
      false,
      false,
      1,
      0.5,
      NaN,
      new Float32Array(length),
      new Uint8Array(length),
      new Float64Array(3),
      new Float64Array(1),
      new Float64Array(4),
    )
  t.throws(() => count(1, 2 ** 40, 0, 2 ** 40, 0))
  t.throws(() => count(100_000, 300_000, 1, 1, 300_000))
})

nativeTest('numbers of threads', (t) => {
  const shape = [4, 3, 128, 64]
  const z = Float32Array.from({ length: 4 * 3 * 8192 }, (_, i) => Math.cos(i))
  const g = Uint8Array.from({ length: 4 * 8192 }, (_, i) => (i >> 9) % 3)
  const call = (threads: number | undefined) =>
    crossEntropyLoss(z, g, { activation: 'softmax', shape, threads, gradient: true })
  for (const threads of [0, -1, 0.5, NaN, Infinity])
    t.is(
      code(() => call(threads)),
      'ERR_MASKLOSS_OPTION_VALUE',
    )
  const wanted = call(1)
  for (const threads of [undefined, 2, 3, 64, 1e9, Number.MAX_SAFE_INTEGER]) {
    const found = call(threads)
    t.is(found.loss, wanted.loss)
    t.true(sameBytes(found.gradient, wanted.gradient))
  }
  for (const threads of [0, -1, NaN, Infinity, -Infinity, 1e300]) {
    t.is(evaluate({ numbers: numbersOf({ samples: 2, pixels: 20, threads }) }), 0)
    t.is(typeof binding().compile(sound().plan as Float64Array, '', threads), 'function')
  }
  t.throws(() => binding().compile(sound().plan as Float64Array, 'abacus', 1))
})
