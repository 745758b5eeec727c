import type { CriterionSpec, Fault } from '../../src/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, type Data, region } from './build.ts'

/** Data with something wrong in it, and what every engine finds: the lowest (sample, pixel) first. */
export interface FaultCase {
  readonly name: string
  readonly spec: CriterionSpec
  readonly data: Data
  /** `undefined`: nothing is wrong. Without `class` where the fault is about the whole pixel. */
  readonly fault: (Omit<Fault, 'class'> & { readonly class?: number }) | undefined
}

const dice = (options: Partial<CriterionSpec> = {}): CriterionSpec => criterion(2, region(2), options)
const none = (options: Partial<CriterionSpec> = {}): CriterionSpec => dice({ activation: 'none', ...options })
const foreground = (options: Partial<CriterionSpec> = {}): CriterionSpec =>
  criterion(1, region(1), { activation: 'sigmoid', ...options })

/** Two samples of three pixels and two classes, `[N, C, V]`. */
const logits = Float64Array.of(1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6)
const probabilities = Float64Array.of(0.1, 0.2, 0.3, 0.9, 0.8, 0.7, 0.4, 0.5, 0.6, 0.6, 0.5, 0.4)
const planes = Float64Array.of(0, 1, 1, 1, 0, 0, 1, 0, 0.5, 0, 1, 0.5)
const data = (target: Data['target'], more: Partial<Data> = {}): Data => ({
  prediction: logits,
  samples: 2,
  pixels: 3,
  target,
  perClass: target.length === logits.length,
  ...more,
})
const labels = Uint8Array.of(0, 1, 1, 1, 0, 0)
const probable = (more: Partial<Data> = {}): Data => data(labels, { prediction: probabilities, ...more })
const withValue = (array: Float64Array, index: number, value: number): Float64Array => {
  const copy = array.slice()
  copy[index] = value
  return copy
}

/** The table of faults. */
export const FAULTS: readonly FaultCase[] = [
  { name: 'nothing wrong', spec: dice(), data: data(labels), fault: undefined },
  {
    name: 'a label above the classes',
    spec: dice(),
    data: data(Uint8Array.of(0, 1, 1, 1, 7, 9)),
    fault: { fault: 'label-out-of-range', value: 7, sample: 1, pixel: 1 },
  },
  {
    name: 'a negative label',
    spec: dice(),
    data: data(Int8Array.of(0, -1, 1, 1, 0, 0)),
    fault: { fault: 'label-out-of-range', value: -1, sample: 0, pixel: 1 },
  },
  {
    name: 'a negative label in a BigInt64Array',
    spec: dice(),
    data: data(BigInt64Array.of(0n, 1n, 1n, 1n, 0n, -5n)),
    fault: { fault: 'label-out-of-range', value: -5, sample: 1, pixel: 2 },
  },
  {
    name: 'a label that is ignored',
    spec: dice({ ignoreIndex: 255 }),
    data: data(Uint8Array.of(0, 255, 1, 1, 255, 0)),
    fault: undefined,
  },
  {
    name: 'a label of a pixel without weight',
    spec: dice(),
    data: data(Uint8Array.of(0, 9, 1, 1, 0, 0), { pixelWeights: Float32Array.of(1, 0, 1, 1, 1, 1) }),
    fault: undefined,
  },
  {
    name: 'a label that is no integer',
    spec: dice(),
    data: data(Float32Array.of(0, 1, 0.5, 1, 0, 0)),
    fault: { fault: 'label-not-integer', value: 0.5, sample: 0, pixel: 2 },
  },
  {
    name: 'a label that is not a number',
    spec: dice(),
    data: data(Float32Array.of(NaN, 1, 0, 1, 0, 0)),
    fault: { fault: 'label-not-integer', value: NaN, sample: 0, pixel: 0 },
  },
  {
    name: 'labels in integral floats',
    spec: dice(),
    data: data(Float64Array.from(labels)),
    fault: undefined,
  },
  {
    name: 'a 0/255 mask',
    spec: foreground(),
    data: { prediction: Float32Array.of(1, 2), samples: 1, pixels: 2, target: Uint8Array.of(0, 255) },
    fault: { fault: 'label-out-of-range', value: 255, sample: 0, pixel: 1 },
  },
  {
    name: 'a 0/255 mask with its mask value',
    spec: foreground({ maskValue: 255 }),
    data: { prediction: Float32Array.of(1, 2), samples: 1, pixels: 2, target: Uint8Array.of(0, 255) },
    fault: undefined,
  },
  {
    name: 'a label 1 beside a mask value',
    spec: foreground({ maskValue: 255 }),
    data: { prediction: Float32Array.of(1, 2), samples: 1, pixels: 2, target: Uint8Array.of(1, 255) },
    fault: { fault: 'label-out-of-range', value: 1, sample: 0, pixel: 0 },
  },
  {
    name: 'any label with regions',
    spec: dice({ activation: 'sigmoid', regions: [[1, 2], [2]] }),
    data: data(Int16Array.of(0, -7, 1000, 1, 2, 0)),
    fault: undefined,
  },
  {
    name: 'a fraction with regions',
    spec: dice({ activation: 'sigmoid', regions: [[1, 2], [2]] }),
    data: data(Float32Array.of(0, 1, 1.25, 1, 2, 0)),
    fault: { fault: 'label-not-integer', value: 1.25, sample: 0, pixel: 2 },
  },
  {
    name: 'a logit where a probability belongs',
    spec: none(),
    data: probable({ prediction: withValue(probabilities, 5, 3.2) }),
    fault: { fault: 'prediction-out-of-range', value: 3.2, sample: 0, class: 1, pixel: 2 },
  },
  {
    name: 'a logit that does not matter',
    spec: none({ checkValues: false }),
    data: probable({ prediction: withValue(probabilities, 5, 3.2) }),
    fault: undefined,
  },
  {
    name: 'a probability within the tolerance',
    spec: none(),
    data: data(planes, { prediction: withValue(probabilities, 0, -0.0009) }),
    fault: undefined,
  },
  {
    name: 'a probability that is not a number',
    spec: none(),
    data: probable({ prediction: withValue(probabilities, 3, NaN) }),
    fault: undefined,
  },
  {
    name: 'an infinite probability',
    spec: none(),
    data: probable({ prediction: withValue(probabilities, 3, Infinity) }),
    fault: undefined,
  },
  {
    name: 'probabilities that do not sum to one',
    spec: none(),
    data: probable({ prediction: withValue(probabilities, 10, 0.75) }),
    fault: { fault: 'prediction-sum', value: 1.25, sample: 1, pixel: 1 },
  },
  {
    name: 'probabilities that do not sum to one beside planes',
    spec: none(),
    data: data(planes, { prediction: withValue(probabilities, 10, 0.75) }),
    fault: undefined,
  },
  {
    name: 'probabilities that do not sum to one beside regions',
    spec: none({ regions: [[1], [1]] }),
    data: probable({ prediction: withValue(probabilities, 10, 0.75) }),
    fault: undefined,
  },
  {
    name: 'a plane above one',
    spec: dice(),
    data: data(withValue(planes, 9, 1.5)),
    fault: { fault: 'target-out-of-range', value: 1.5, sample: 1, class: 1, pixel: 0 },
  },
  {
    name: 'a plane that is not a number',
    spec: dice(),
    data: data(withValue(planes, 9, NaN)),
    fault: { fault: 'target-out-of-range', value: NaN, sample: 1, class: 1, pixel: 0 },
  },
  {
    name: 'a plane that does not matter',
    spec: dice({ checkValues: false }),
    data: data(withValue(planes, 9, 1.5)),
    fault: undefined,
  },
  {
    name: 'a plane of a pixel that its class marks as ignored',
    spec: dice({ ignoreIndex: 0 }),
    data: data(withValue(planes, 9, 1.5)),
    fault: undefined,
  },
  {
    name: 'a negative pixel weight',
    spec: dice(),
    data: data(labels, { pixelWeights: Float64Array.of(1, 1, 1, -1, 1, 1) }),
    fault: { fault: 'pixel-weight', value: -1, sample: 1, pixel: 0 },
  },
  {
    name: 'an infinite pixel weight at an ignored pixel',
    spec: dice({ ignoreIndex: 1 }),
    data: data(labels, { pixelWeights: Float64Array.of(1, Infinity, 1, 1, 1, 1) }),
    fault: { fault: 'pixel-weight', value: Infinity, sample: 0, pixel: 1 },
  },
  {
    name: 'the weight before the label of the same pixel',
    spec: dice(),
    data: data(Uint8Array.of(9, 1, 1, 1, 0, 0), { pixelWeights: Float64Array.of(NaN, 1, 1, 1, 1, 1) }),
    fault: { fault: 'pixel-weight', value: NaN, sample: 0, pixel: 0 },
  },
  {
    name: 'an earlier label before a later weight',
    spec: dice(),
    data: data(Uint8Array.of(9, 1, 1, 1, 0, 0), { pixelWeights: Float64Array.of(1, -1, 1, 1, 1, 1) }),
    fault: { fault: 'label-out-of-range', value: 9, sample: 0, pixel: 0 },
  },
  {
    name: 'the target before the prediction of the same pixel, and a later class of the target before both',
    spec: criterion(2, binaryCrossEntropy(), { activation: 'none' }),
    data: data(withValue(planes, 3, 2), { prediction: withValue(probabilities, 0, 2) }),
    fault: { fault: 'target-out-of-range', value: 2, sample: 0, class: 1, pixel: 0 },
  },
  {
    name: 'the lowest pixel, channels last',
    spec: criterion(2, crossEntropy(), { activation: 'none' }),
    data: {
      prediction: Float32Array.of(0.5, 0.5, 0.5, 2, 2, 0.5),
      samples: 1,
      pixels: 3,
      channelsLast: true,
      target: Uint8Array.of(0, 0, 0),
    },
    fault: { fault: 'prediction-out-of-range', value: 2, sample: 0, class: 1, pixel: 1 },
  },
]
