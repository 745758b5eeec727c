/** tfjs with its two backends, and losses written in its operations: the layouts and reductions of tfjs, autodiff for the gradient. */
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
// tfjs-layers brings the gradients of tfjs' operations.
import '@tensorflow/tfjs-layers'

// No advertisements.
tf.enableProdMode()

// What the wasm backend lacks.
const kernels = (await import(
  new URL('../../examples/tfjs/wasm/conv2d-backprop-filter.mjs', import.meta.url).href
)) as {
  conv2DBackpropFilter: tf.KernelConfig
}
tf.registerKernel(kernels.conv2DBackpropFilter)

export const BACKENDS = ['cpu', 'wasm'] as const

/** A loss of logits z or probabilities, and planes g of the same shape, as tfjs has it: labels first. */
export type Twin = (g: tf.Tensor, prediction: tf.Tensor) => tf.Tensor

/** Axes 1 to the last but one: the pixels. */
const pixels = ({ rank }: tf.Tensor): number[] => Array.from({ length: rank - 2 }, (_, axis) => axis + 1)

/** 1 − (2·Σpg + s)/(Σp^k + Σg^k + s), the mean over the cells that summing over `axes` leaves. */
function diceTwin(smooth: number, power: 1 | 2, axesOf: (p: tf.Tensor) => number[]): Twin {
  return (g, p) => {
    const sum = (x: tf.Tensor): tf.Tensor => tf.sum(x, axesOf(p))
    const size = (x: tf.Tensor): tf.Tensor => sum(power === 2 ? tf.square(x) : x)
    const numerator = tf.add(tf.mul(2, sum(tf.mul(p, g))), smooth)
    const denominator = tf.add(tf.add(size(p), size(g)), smooth)
    return tf.mean(tf.sub(1, tf.div(numerator, denominator)))
  }
}

/** One score a sample and class. */
export const dice: Twin = diceTwin(1, 1, pixels)
/** Sums of squares, one score a class: the batch pooled. */
export const pooledSquaredDice: Twin = diceTwin(0.1, 2, (p) => [0, ...pixels(p)])
/** −log p of the true class, the mean over pixels; of logits. */
export const crossEntropy: Twin = (g, z) => tf.neg(tf.mean(tf.sum(tf.mul(g, tf.logSoftmax(z)), -1)))
/** −(1 − p)²·log p of the true class, the mean over pixels; of logits. */
export const focal: Twin = (g, z) => {
  const logP = tf.logSoftmax(z)
  return tf.neg(tf.mean(tf.sum(tf.mul(g, tf.mul(tf.square(tf.sub(1, tf.exp(logP))), logP)), -1)))
}
/** −g·log σ(z) − (1 − g)·log σ(−z) = max(z, 0) − z·g + log(1 + exp(−|z|)), the mean over everything. */
export const binaryCrossEntropy: Twin = (g, z) =>
  tf.mean(tf.add(tf.sub(tf.relu(z), tf.mul(z, g)), tf.log1p(tf.exp(tf.neg(tf.abs(z))))))
export const ofSoftmax =
  (twin: Twin): Twin =>
  (g, z) =>
    twin(g, tf.softmax(z))
export const plus =
  (first: Twin, second: Twin, weight = 1): Twin =>
  (g, z) =>
    tf.add(first(g, z), tf.mul(weight, second(g, z)))
