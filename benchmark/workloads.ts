/** The seven workloads whose numbers are kept: what is computed, on what, and what the floor of it is. */
import type * as Face from 'maskloss'

import { fillLabels, fillLogits, fillOneHot, planar, toProbabilities } from './data.ts'

export type { Face }

/** What a workload reads. Targets are labels (bytes) or planes (floats). */
export interface Tensors {
  readonly prediction: Float32Array | Uint8Array
  readonly target: Float32Array | Uint8Array
}

export interface Workload {
  readonly name: string
  readonly title: string
  /** What the workload is there to find out. */
  readonly question: string
  readonly shape: readonly number[]
  readonly classes: number
  make(): Tensors
  /** Makes what is timed: one call of the public face. It returns the loss. */
  prepare(face: typeof Face, tensors: Tensors, threads: number, gradient: Float32Array | undefined): () => number
  readonly hasGradient: boolean
  /** See the floor's `touch`: the parts that fit in a cache between the two passes; 1: none does; 0: there is one pass. */
  readonly groups: number
  /** The exponentials of one pass. The gradient's pass takes them again: no activation is stored. */
  readonly exponentials: number
  /** The logarithms of the first pass: products of 256 factors need one each. */
  readonly logarithms: number
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const FACTORS = 256

interface Logits {
  readonly shape: readonly [number, number, ...number[]]
}

/** Logits with the classes first, and labels. */
function logits({ shape }: Logits): Tensors {
  const [samples, classes, ...spatial] = shape
  const pixels = product(spatial)
  const labels = fillLabels(new Uint8Array(samples * pixels), shape.at(-1)!, Math.max(classes, 2))
  return { prediction: fillLogits(new Float32Array(product(shape)), labels, classes, pixels, false), target: labels }
}

/** Probabilities and planes with the classes last. */
function probabilities(
  pixels: number,
  width: number,
  classes: number,
): { prediction: Float32Array; target: Float32Array } {
  const labels = fillLabels(new Uint8Array(pixels), width, classes)
  const prediction = fillLogits(new Float32Array(pixels * classes), labels, classes, pixels, true)
  toProbabilities(prediction, classes)
  return { prediction, target: fillOneHot(new Float32Array(pixels * classes), labels, classes) }
}

const W1_SHAPE = [16, 1, 512, 512] as const
const W2_SHAPE = [8, 4, 512, 512] as const
const W3_SHAPE = [2, 19, 512, 1024] as const
const W4_SHAPE = [1, 4, 160, 192, 160] as const
const W5_SHAPE = [1, 2, 64, 64] as const
const W6_SHAPE = [8, 512, 512, 4] as const
const W5_OPTIONS = { activation: 'none' } as const

const w1: Workload = {
  name: 'W1',
  title: 'sigmoid Dice, a score per sample',
  question: 'Does a sample that fits in the cache cost one reading, not two?',
  shape: W1_SHAPE,
  classes: 1,
  make: () => logits({ shape: W1_SHAPE }),
  prepare(face, { prediction, target }, threads, gradient) {
    const options = { activation: 'sigmoid', target: 'labels', shape: W1_SHAPE, threads, gradient } as const
    return () => face.diceLoss(prediction as Float32Array, target, options).loss
  },
  hasGradient: true,
  groups: 16,
  exponentials: product(W1_SHAPE),
  logarithms: 0,
}

const w2: Workload = {
  name: 'W2',
  title: 'softmax Dice, 4 classes, batch pooled',
  question: 'What do few classes cost beyond the bytes?',
  shape: W2_SHAPE,
  classes: 4,
  make: () => logits({ shape: W2_SHAPE }),
  prepare(face, { prediction, target }, threads, gradient) {
    const options = { activation: 'softmax', scorePer: 'class', shape: W2_SHAPE, threads, gradient } as const
    return () => face.diceLoss(prediction as Float32Array, target, options).loss
  },
  hasGradient: true,
  groups: 1,
  exponentials: product(W2_SHAPE),
  logarithms: 0,
}

function diceCrossEntropy(name: string, title: string, question: string, shape: Logits['shape']): Workload {
  return {
    name,
    title,
    question,
    shape,
    classes: shape[1],
    make: () => logits({ shape }),
    prepare(face, { prediction, target }, threads, gradient) {
      const options = { activation: 'softmax', dice: { scorePer: 'class' }, shape, threads, gradient } as const
      return () => face.diceCrossEntropyLoss(prediction as Float32Array, target, options).loss
    },
    hasGradient: true,
    groups: 1,
    exponentials: product(shape),
    logarithms: product(shape) / shape[1] / FACTORS,
  }
}

function w5(name: string, title: string, asCriterion: boolean): Workload {
  return {
    name,
    title,
    question: 'What does the border cost where there is nothing to compute?',
    shape: W5_SHAPE,
    classes: 2,
    make() {
      const { prediction, target } = probabilities(64 * 64, 64, 2)
      return { prediction: planar(prediction, 2), target: planar(target, 2) }
    },
    prepare(face, { prediction, target }, threads, gradient) {
      const call = { shape: W5_SHAPE, threads, gradient } as const
      if (asCriterion) {
        const criterion = new face.DiceLoss(W5_OPTIONS)
        return () => criterion.evaluate(prediction as Float32Array, target, call).loss
      }
      const options = { ...W5_OPTIONS, ...call }
      return () => face.diceLoss(prediction as Float32Array, target, options).loss
    },
    hasGradient: true,
    groups: 1,
    exponentials: 0,
    logarithms: 0,
  }
}

const w6: Omit<Workload, 'name' | 'title' | 'question' | 'prepare' | 'groups' | 'logarithms'> = {
  shape: W6_SHAPE,
  classes: 4,
  make: () => probabilities(8 * 512 * 512, 512, 4),
  hasGradient: true,
  exponentials: 0,
}

const w6a: Workload = {
  ...w6,
  name: 'W6a',
  title: 'clipped cross-entropy of probabilities, channels last',
  question: 'Is a loss without statistics one pass?',
  prepare(face, { prediction, target }, threads, gradient) {
    // As Keras has it: the mean over all pixels, of what nobody checks.
    const options = {
      activation: 'none',
      layout: 'NHWC',
      meanOver: 'pixels',
      checkValues: false,
      shape: W6_SHAPE,
    } as const
    const call = { ...options, threads, gradient }
    return () => face.crossEntropyLoss(prediction as Float32Array, target, call).loss
  },
  groups: 0,
  logarithms: product(W6_SHAPE) / 4 / FACTORS,
}

const w6b: Workload = {
  ...w6,
  name: 'W6b',
  title: 'pooled Dice of probabilities, channels last',
  question: 'Do channels last run at the speed of memory?',
  prepare(face, { prediction, target }, threads, gradient) {
    const options = { activation: 'none', layout: 'NHWC', scorePer: 'class', smooth: 1e-7, shape: W6_SHAPE } as const
    const call = { ...options, threads, gradient }
    return () => face.diceLoss(prediction as Float32Array, target, call).loss
  },
  groups: 1,
  logarithms: 0,
}

function w7(name: string, classes: number, side: number): Workload {
  const shape = [side, side, side]
  const labels = Array.from({ length: classes }, (_, label) => label)
  const map = (shift: number): Uint8Array => fillLabels(new Uint8Array(side ** 3), side, classes, shift)
  return {
    name,
    title: `counts of two label maps, ${side}³ bytes, ${classes} classes`,
    question: 'Are counts of bytes as cheap as reading them?',
    shape,
    classes,
    make: () => ({ prediction: map(0), target: map(3) }),
    prepare(face, { prediction, target }, threads) {
      const options = { layout: 'DHW', decision: 'labels', labels, includeBackground: true, shape, threads } as const
      return () => face.score(prediction, target, options).mean.dice
    },
    hasGradient: false,
    groups: 1,
    exponentials: 0,
    logarithms: 0,
  }
}

/** All of them. `small` shrinks the volumes of W7. */
export function workloads(small: boolean): Workload[] {
  const side = small ? 256 : 512
  return [
    w1,
    w2,
    diceCrossEntropy('W3', 'softmax Dice + CE, 19 classes', 'What do many classes cost?', W3_SHAPE),
    diceCrossEntropy('W4', 'softmax Dice + CE, a volume, 4 classes', 'Does one sample fill every core?', W4_SHAPE),
    w5('W5', 'small call, function', false),
    w5('W5c', 'small call, criterion', true),
    w6a,
    w6b,
    w7('W7a', 8, side),
    w7('W7b', 150, side),
  ]
}
