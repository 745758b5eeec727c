/** The network of the study and its losses in operations of tfjs, with gradients by its autodiff. */
import * as tf from '@tensorflow/tfjs-core'
import type { LossName } from '../../examples/experiment/losses.ts'
import { BACKENDS } from './tfjs.ts'

// Plain JavaScript, with kernels of its own only.
await tf.setBackend(BACKENDS[0])

const FILTERS = 4
const EPSILON = 1e-7

export interface Batch {
  readonly pixels: Float32Array<ArrayBuffer>
  readonly labels: Uint8Array<ArrayBuffer>
}

/** Mean and variance of both normalisations; without, those of the batch. */
export type Statistics = readonly { mean: tf.Tensor; variance: tf.Tensor }[]

/** The parameters as tensors, from the one array of the network: weights `[output][input][row][column]`, γ and β or a bias, twice; then the readout. */
function tensorsOf(parameters: Float64Array, batchNorm: boolean): tf.Tensor[] {
  let at = 0
  const take = (...shape: number[]): tf.Tensor => {
    const count = shape.reduce((product, length) => product * length, 1)
    at += count
    return tf.tensor(Float32Array.from(parameters.subarray(at - count, at)), shape)
  }
  const kernel = (inputs: number, outputs: number, size: number): tf.Tensor =>
    tf.transpose(take(outputs, inputs, size, size), [2, 3, 1, 0])
  const norm = (): tf.Tensor[] => (batchNorm ? [take(FILTERS), take(FILTERS)] : [take(FILTERS)])
  return [kernel(1, FILTERS, 3), ...norm(), kernel(FILTERS, FILTERS, 3), ...norm(), kernel(FILTERS, 2, 1), take(2)]
}

/** Probabilities `[images, size, size, 2]`, and the statistics that normalised. */
function forward(
  tensors: readonly tf.Tensor[],
  images: tf.Tensor4D,
  given?: Statistics,
): { p: tf.Tensor; used: Statistics } {
  const rest = [...tensors]
  const batchNorm = tensors.length === 8
  const used: { mean: tf.Tensor; variance: tf.Tensor }[] = []
  const same = (x: tf.Tensor): tf.Tensor => tf.conv2d(x as tf.Tensor4D, rest.shift() as tf.Tensor4D, 1, 'same')
  const block = (x: tf.Tensor, layer: number): tf.Tensor => {
    const h = same(x)
    if (!batchNorm) return tf.relu(tf.add(h, rest.shift()!))
    const { mean, variance } = given?.[layer] ?? tf.moments(h, [0, 1, 2])
    used.push({ mean, variance })
    const normalised = tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-3)))
    return tf.relu(tf.add(tf.mul(normalised, rest.shift()!), rest.shift()!))
  }
  const logits = tf.add(same(block(block(images, 0), 1)), rest.shift()!)
  return { p: tf.softmax(logits), used }
}

const imagesOf = ({ pixels }: Batch): tf.Tensor4D => {
  const size = Math.sqrt(pixels.length / 2)
  return tf.tensor4d(pixels, [2, size, size, 1])
}

function dice(squared: boolean, foreground: boolean) {
  return (p: tf.Tensor, g: tf.Tensor): tf.Tensor => {
    const sum = (x: tf.Tensor): tf.Tensor => {
      const perClass = tf.sum(x, [0, 1, 2])
      return foreground ? tf.slice(perClass, [1], [1]) : perClass
    }
    const volume = (x: tf.Tensor): tf.Tensor => sum(squared ? tf.square(x) : x)
    const numerator = tf.add(tf.mul(2, sum(tf.mul(p, g))), EPSILON)
    return tf.mean(tf.sub(1, tf.div(numerator, tf.add(tf.add(volume(p), volume(g)), EPSILON))))
  }
}

const LOSSES: Readonly<Record<LossName, (p: tf.Tensor, g: tf.Tensor) => tf.Tensor>> = {
  CCE: (p, g) => tf.mean(tf.neg(tf.sum(tf.mul(g, tf.log(tf.clipByValue(p, EPSILON, 1 - EPSILON))), -1))),
  DICE: dice(false, false),
  DICEFG: dice(false, true),
  DICE_SQUARE: dice(true, false),
  DICEFG_SQUARE: dice(true, true),
}

/** The gradient for the parameters, in the order of the network's one array: kernels back from `[row][column][input][output]`. */
const flat = (gradients: readonly tf.Tensor[]): number[] =>
  gradients.flatMap((gradient) => [
    ...(gradient.rank === 4 ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient).dataSync(),
  ])

/** A loss of a batch of two images, and its gradient for all parameters. */
export function lossAndGradient(
  name: LossName,
  parameters: Float64Array,
  batchNorm: boolean,
  batch: Batch,
): { loss: number; gradient: number[] } {
  return tf.tidy(() => {
    const images = imagesOf(batch)
    const g = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), 2)
    const lossOf = (...tensors: tf.Tensor[]): tf.Tensor => {
      const { p } = forward(tensors, images)
      return LOSSES[name](p, tf.cast(tf.reshape(g, p.shape), 'float32'))
    }
    const { value, grads } = tf.valueAndGrads(lossOf)(tensorsOf(parameters, batchNorm))
    return { loss: value.dataSync()[0]!, gradient: flat(grads) }
  })
}

/** Probabilities after `passes` training passes over one batch: its statistics have moved the averages by 1 − 0.99^passes from 0 and 1. */
export function validated(parameters: Float64Array, batch: Batch, passes: number): Float32Array {
  return tf.tidy(() => {
    const [tensors, images] = [tensorsOf(parameters, true), imagesOf(batch)]
    const kept = 0.99 ** passes
    const moved = forward(tensors, images).used.map(({ mean, variance }) => ({
      mean: tf.mul(1 - kept, mean),
      variance: tf.add(kept, tf.mul(1 - kept, variance)),
    }))
    return forward(tensors, images, moved).p.dataSync() as Float32Array
  })
}

/** Parameters after some steps of tfjs' own Adam for the same gradients. */
export function adam(start: Float64Array, gradients: readonly Float64Array[], rate: number): Float32Array {
  return tf.tidy(() => {
    const name = 'parameters'
    const variable = tf.variable(tf.tensor1d(Float32Array.from(start)), true, name)
    const optimiser = tf.train.adam(rate, 0.9, 0.999, 1e-8)
    for (const gradient of gradients) {
      optimiser.applyGradients([{ name, tensor: tf.tensor1d(Float32Array.from(gradient)) }])
    }
    const moved = variable.dataSync() as Float32Array
    variable.dispose()
    optimiser.dispose()
    return moved
  })
}
