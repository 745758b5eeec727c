/** The types, checked by `tsc --noEmit`: this file compiles, or the declarations are wrong. */
import test from 'ava'

import * as maskloss from '../src/index.ts'
import { diceCrossEntropyLoss, DiceCrossEntropyLoss, diceLoss, DiceLoss } from '../src/index.ts'
import * as reference from '../src/reference/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(equal: Same<A, B>): boolean {
  return equal
}

// The tensors of other libraries, as their own declarations write them.
/** onnxruntime-common: its `data` is a union that contains `string[]`. */
interface OrtTensor {
  readonly data: Float32Array | Uint8Array | BigInt64Array | Uint16Array | string[]
  readonly dims: readonly number[]
  readonly type: 'float32' | 'uint8' | 'int64' | 'float16' | 'string'
  readonly location: 'none' | 'cpu' | 'cpu-pinned' | 'texture' | 'gpu-buffer' | 'ml-tensor'
  readonly size: number
  getData(releaseData?: boolean): Promise<Float32Array | string[]>
  dispose(): void
}
/** transformers.js */
interface TransformersTensor {
  get dims(): number[]
  get type(): string
  get data(): Float32Array | BigInt64Array
  get size(): number
  get location(): string
}
/** tfjs-core */
interface TfTensor {
  readonly shape: number[]
  readonly dtype: 'float32' | 'int32' | 'bool' | 'complex64' | 'string'
  readonly strides: number[]
  data(): Promise<Float32Array | Int32Array | Uint8Array>
  dataSync(): Float32Array | Int32Array | Uint8Array
}
/** jax-js */
interface JaxArray {
  readonly shape: number[]
  readonly dtype: string
  readonly ref: JaxArray
  dataSync(): Float32Array | Int32Array | Uint32Array
}
/** scijs ndarray */
interface NdArray<Data = number[] | Float32Array> {
  data: Data
  shape: number[]
  stride: number[]
  offset: number
  readonly dtype: string
}
/** The DOM's ImageData, transformers.js' RawImage, fast-png's image, sharp's raw output. */
interface ImageData {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
  readonly colorSpace: 'srgb' | 'display-p3'
}
interface RawImage {
  data: Uint8ClampedArray | Uint8Array
  width: number
  height: number
  channels: 1 | 2 | 3 | 4
}
interface SharpOutput {
  data: Uint8Array
  info: { width: number; height: number; channels: 1 | 2 | 3 | 4; size: number }
}
/** Float16Array of newer TypeScript libraries. */
interface Float16Like {
  readonly [Symbol.toStringTag]: 'Float16Array'
  readonly BYTES_PER_ELEMENT: number
  readonly buffer: ArrayBuffer
  readonly byteLength: number
  readonly byteOffset: number
  readonly length: number
  readonly [index: number]: number
}

const options = { activation: 'softmax', shape: [1, 2, 2, 2] } as const
const logits = new Float32Array(8)
const labels = new Uint8Array(4)

type Entries = maskloss.Conventions
/** Those whose options could not be named by `Parameters`. */
type Unnamed = {
  [Library in keyof Entries]: {
    [Name in keyof Entries[Library]]: Entries[Library][Name] extends (...options: infer Options) => unknown
      ? unknown extends Required<Options>[number]
        ? Name
        : never
      : Name
  }[keyof Entries[Library]]
}[keyof Entries]

/** Never run: only compiled. */
function compiles(
  ort: OrtTensor,
  transformers: TransformersTensor,
  tf: TfTensor,
  jax: JaxArray,
  nd: NdArray,
  image: ImageData,
  raw: RawImage,
  sharp: SharpOutput,
  half: Float16Like,
  flag: boolean,
  shared: Float32Array<SharedArrayBuffer>,
): void {
  const criterion = new DiceLoss({ activation: 'softmax' })
  for (const tensor of [ort, transformers, tf, jax, nd, image, raw, sharp, half, shared])
    criterion.evaluate(tensor, tensor)
  criterion.evaluate(ort, raw)
  criterion.evaluate(tf, jax, { pixelWeights: image })

  const buffer = new Float64Array(8)
  const none = diceLoss(logits, labels, options)
  same<keyof typeof none, 'loss' | 'values' | 'valuesShape' | 'nonFinite' | 'numerics'>(true)
  // @ts-expect-error no gradient was asked for
  void none.gradient
  // @ts-expect-error Dice is no compound
  void none.terms
  const allocated = diceLoss(logits, labels, { ...options, gradient: true })
  same<typeof allocated.gradient, Float32Array<ArrayBuffer>>(true)
  const given = diceLoss(logits, labels, { ...options, gradient: buffer })
  same<typeof given.gradient, Float64Array<ArrayBuffer>>(true)
  const sharedGradient = criterion.evaluate(logits, labels, { gradient: shared })
  same<typeof sharedGradient.gradient, Float32Array<SharedArrayBuffer>>(true)
  const double = criterion.evaluate(buffer, labels, { gradient: true })
  same<typeof double.gradient, Float64Array<ArrayBuffer>>(true)
  const maybe = criterion.evaluate(logits, labels, { gradient: flag })
  same<typeof maybe.gradient, Float32Array<ArrayBuffer> | undefined>(true)
  const refused = criterion.evaluate(logits, labels, { gradient: false })
  // @ts-expect-error gradient: false gives none
  void refused.gradient
  const absent = criterion.evaluate(logits, labels, { gradient: undefined })
  // @ts-expect-error undefined is absent
  void absent.gradient
  const fromOrt = criterion.evaluate(ort, labels, { gradient: true })
  same<typeof fromOrt.gradient, Float32Array<ArrayBuffer>>(true)
  const compound = diceCrossEntropyLoss(logits, labels, { ...options, gradient: true, dice: { smooth: 1, weight: 2 } })
  same<typeof compound.terms, Readonly<Record<'dice' | 'crossEntropy', number>>>(true)
  same<typeof compound.gradient, Float32Array<ArrayBuffer>>(true)
  const inLoop = new DiceCrossEntropyLoss({ activation: 'none' }).evaluate(ort, labels)
  same<typeof inLoop.terms.dice, number>(true)

  const combined = maskloss.combine([
    [1, criterion],
    [0.5, new DiceCrossEntropyLoss({ activation: 'softmax' })],
    [2, maskloss.combine([[1, criterion]])],
  ])
  const sum = combined.evaluate(ort, labels, { gradient: buffer })
  same<typeof sum.terms, Readonly<Record<string, number>>>(true)
  same<typeof sum.gradient, Float64Array<ArrayBuffer>>(true)
  const supervision = maskloss.deepSupervision(combined, { weightMode: 'two' })
  const plain = supervision.evaluate([ort, ort], labels)
  // @ts-expect-error no gradients were asked for
  void plain.gradients
  same<(typeof plain.scales)[0]['loss'], number>(true)
  const eachScale = supervision.evaluate([logits, logits], labels, { shapes: [[1, 2, 2, 2]], gradients: true })
  same<typeof eachScale.gradients, readonly Float32Array<ArrayBuffer>[]>(true)
  const perhaps = supervision.evaluate([ort], labels, { gradients: flag })
  same<typeof perhaps.gradients, readonly maskloss.FloatArray[] | undefined>(true)
  const metric = new maskloss.JaccardMetricLoss({ activation: 'softmax', averages: { images: 1 } })
  same<ReturnType<typeof metric.evaluate>['terms'], Readonly<Record<string, number>>>(true)
  maskloss.focalLoss(logits, labels, { ...options, gamma: [1, 2], alpha: new Float32Array(2) })

  const monai: Parameters<typeof maskloss.conventions.monai.DiceLoss>[0] = { softmax: true, toOnehotY: true }
  const theirs: ReturnType<typeof maskloss.conventions.monai.DiceLoss> = maskloss.conventions.monai.DiceLoss(monai)
  theirs.evaluate(ort, ort)
  // @ts-expect-error MONAI writes it in camel case here
  const misspelled: Parameters<typeof maskloss.conventions.monai.DiceLoss>[0] = { to_onehot_y: true }
  void misspelled
  same<Unnamed, never>(true)

  // @ts-expect-error a function is no criterion
  maskloss.combine([[1, diceLoss]])
  // @ts-expect-error a loss needs its factor
  maskloss.combine([criterion])
  // @ts-expect-error only criteria are supervised
  maskloss.deepSupervision({ evaluate: () => ({ loss: 0 }) })
  // @ts-expect-error the gradients of several predictions
  supervision.evaluate([ort], labels, { gradient: true })
  // @ts-expect-error distances are required
  maskloss.generalizedWassersteinDiceLoss(logits, labels, options)
  // @ts-expect-error Lovász losses have no class weights
  maskloss.lovaszSoftmaxLoss(logits, labels, { ...options, classWeights: [1, 2] })
  // @ts-expect-error the hinge takes logits of independent classes
  maskloss.lovaszHingeLoss(logits, labels, options)
  // @ts-expect-error no ratio of weighted sums
  maskloss.matthewsCorrelationLoss(logits, labels, { ...options, weightMode: 'inside' })
  // @ts-expect-error the worst pixels have a mean of their own
  maskloss.diceTopKLoss(logits, labels, { ...options, topK: { meanOver: 'pixels' } })
  // @ts-expect-error a power is no choice of log-Dice
  maskloss.logDiceLoss(logits, labels, { ...options, transform: 'negative' })

  // `undefined` is absent, lists may be typed arrays.
  diceLoss(logits, labels, { ...options, layout: undefined, smooth: undefined, classWeights: new Float32Array(2) })

  // @ts-expect-error activation is required
  diceLoss(logits, labels, { shape: [1, 2, 2, 2] })
  // @ts-expect-error misspelled
  diceLoss(logits, labels, { ...options, smoth: 1 })
  // @ts-expect-error gamma belongs to focalTverskyLoss
  diceLoss(logits, labels, { ...options, gamma: 1 })
  // @ts-expect-error not one of the words
  diceLoss(logits, labels, { ...options, scorePer: 'image' })
  // @ts-expect-error an integer array is no gradient
  diceLoss(logits, labels, { ...options, gradient: new Int32Array(8) })
  // @ts-expect-error a plain array is no tensor
  diceLoss([1, 2], labels, options)
  // @ts-expect-error the options of the call belong to evaluate
  void new DiceLoss({ activation: 'softmax', shape: [1, 2, 2, 2] })
  // @ts-expect-error the options of the criterion belong to its constructor
  criterion.evaluate(logits, labels, { activation: 'softmax' })
  // @ts-expect-error categorical cross-entropy has no sigmoid
  maskloss.crossEntropyLoss(logits, labels, { activation: 'sigmoid' })
  // @ts-expect-error binary cross-entropy has no softmax
  maskloss.binaryCrossEntropyLoss(logits, labels, { activation: 'softmax' })
  // @ts-expect-error a compound is one number
  diceCrossEntropyLoss(logits, labels, { ...options, dice: { reduction: 'none' } })
  // @ts-expect-error results are read-only
  none.loss = 0
}

// Either module can stand in for the other: functions, classes and their instances.
const nativeAsReference: typeof reference = maskloss
const referenceAsNative: typeof maskloss = reference
const instance: reference.DiceLoss = new maskloss.DiceLoss({ activation: 'none' })
const otherInstance: maskloss.DiceLoss = new reference.DiceLoss({ activation: 'none' })

test('both modules have the same names', (t) => {
  t.deepEqual(Object.keys(maskloss).toSorted(), Object.keys(reference).toSorted())
  t.is(typeof compiles, 'function')
  t.is(nativeAsReference.diceLoss, maskloss.diceLoss)
  t.is(referenceAsNative.diceLoss, reference.diceLoss)
  t.true(instance instanceof maskloss.DiceLoss && otherInstance instanceof reference.DiceLoss)
})
