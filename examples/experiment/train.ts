/** One training of the study, and what is recorded of it. */
import { LOSS_NAMES, LOSSES, partsOf, type LossName } from './losses.ts'
import { CLASSES, Network } from './network/network.ts'
import { OPTIMISERS } from './optimiser.ts'
import { random } from './random.ts'
import type { Run } from './settings.ts'
import { draw, emptyBatch, SIZE, type Batch } from './task.ts'

const IMAGES = 2
const VALIDATION_IMAGES = 100
/** Iterations between two validations. */
export const VALIDATION_EVERY = 250

/** A curve for each loss, in the order of `LOSS_NAMES`, a value for each iteration. */
export type Curves = readonly Float64Array<ArrayBuffer>[]

export interface Record {
  /** The value of each loss for the batch of the iteration. */
  readonly losses: Curves
  /** The Euclidean norm of the gradient of each loss for all parameters. */
  readonly norms: Curves
  /** The share of the validation pixels whose likelier class is the right one, every `VALIDATION_EVERY` iterations. */
  readonly accuracy: Float64Array<ArrayBuffer>
}

/** Trains; `onProgress` is told the iteration now and then. */
export function train(run: Run, onProgress: (iteration: number) => void = () => {}): Record {
  const network = new Network({ images: IMAGES, size: SIZE, batchNorm: run.batchNorm }, random(run.run, 1))
  const [training, validation] = [random(run.run, 2), random(run.run, 3)]
  const held = Array.from({ length: VALIDATION_IMAGES / IMAGES }, () => emptyBatch(IMAGES))
  for (const batch of held) draw(batch, run.threshold, validation)

  const batch = emptyBatch(IMAGES)
  const step = OPTIMISERS[run.optimiser](network.parameters.length)
  const slope = new Float32Array(batch.labels.length * CLASSES)
  const gradients = LOSS_NAMES.map(() => new Float64Array(network.parameters.length))
  const gradientOf = (name: LossName): Float64Array => gradients[LOSS_NAMES.indexOf(name)]!
  const trained = partsOf(run.loss)!.map(gradientOf)
  const record: Record = {
    losses: LOSS_NAMES.map(() => new Float64Array(run.iterations)),
    norms: LOSS_NAMES.map(() => new Float64Array(run.iterations)),
    accuracy: new Float64Array(Math.ceil(run.iterations / VALIDATION_EVERY)),
  }
  for (let iteration = 0; iteration < run.iterations; iteration++) {
    draw(batch, run.threshold, training)
    const probabilities = network.forward(batch.pixels, true)
    LOSS_NAMES.forEach((name, l) => {
      record.losses[l]![iteration] = evaluate(name, probabilities, batch, slope)
      network.backward(slope, gradients[l]!)
      record.norms[l]![iteration] = Math.hypot(...gradients[l]!)
    })
    step(network.parameters, sum(trained))
    if (iteration % VALIDATION_EVERY === 0) {
      record.accuracy[iteration / VALIDATION_EVERY] = accuracyOf(network, held)
      onProgress(iteration)
    }
  }
  return record
}

/** The loss of the probabilities; its gradient for them goes into `slope`. */
function evaluate(name: LossName, data: Float32Array, { labels }: Batch, slope: Float32Array): number {
  const prediction = { data, shape: [IMAGES, SIZE, SIZE, CLASSES] }
  return LOSSES[name].evaluate(prediction, { data: labels, shape: [IMAGES, SIZE, SIZE] }, { gradient: slope }).loss
}

function accuracyOf(network: Network, batches: readonly Batch[]): number {
  let [right, all] = [0, 0]
  for (const { pixels, labels } of batches) {
    const probabilities = network.forward(pixels, false)
    all += labels.length
    for (let i = 0; i < labels.length; i++) {
      const found = probabilities[2 * i + 1]! > probabilities[2 * i]! ? 1 : 0
      if (found === labels[i]) right++
    }
  }
  return right / all
}

function sum(vectors: readonly Float64Array[]): Float64Array {
  return vectors.reduce((total, vector) => total.map((value, i) => value + vector[i]!))
}
