/** What it does to the gradient's noise whether Dice is a score of each sample or of the whole batch. */
import { DiceLoss } from 'maskloss'
import { draw, legend, logit, picture, text, type Axis } from './chart.ts'
import { CLASSES, Network } from './network/network.ts'
import { random } from './random.ts'
import { draw as drawImages, emptyBatch, SIZE } from './task.ts'

const BATCH_SIZES: readonly number[] = [1, 2, 4, 8, 16, 32]
/** The share of the foreground: of 1,024 pixels of an image 51 or 1 in the mean. */
const SHARES: readonly number[] = [0.05, 0.001]

const options = { activation: 'none', layout: 'NHWC', includeBackground: false, smooth: 1e-7 } as const

/** DICEFG with its sums over a sample (and the mean of the scores), or over the batch. */
const POOLINGS = {
  sample: new DiceLoss({ ...options, scorePer: 'sample-class' }),
  batch: new DiceLoss({ ...options, scorePer: 'class' }),
} as const

export type Pooling = keyof typeof POOLINGS

export interface Noise {
  /** √(E‖g − E g‖²) / ‖E g‖: how far the gradient of a batch lies from the mean of all batches, in its lengths. */
  readonly spread: number
  /** ‖E g‖. */
  readonly length: number
}

/** What the network knows: nothing, or how much of an image is foreground in the mean. */
export type Stage = 'untrained' | 'share learned'

/**
 * The gradient's noise over batches of new images, for the initial network of seed 1 without batch normalisation, which mixes samples too.
 * A share is learned by the last bias alone: where the logits were about 0, foreground has now about the probability of its share.
 */
export function noise(pooling: Pooling, stage: Stage, share: number, images: number, batches: number): Noise {
  const network = new Network({ images, size: SIZE, batchNorm: false }, random(1, 1))
  if (stage === 'share learned') network.parameters[network.parameters.length - 1] = logit(share)
  const uniform = random(2, 1)
  const batch = emptyBatch(images)
  const slope = new Float32Array(batch.labels.length * CLASSES)
  const gradient = new Float64Array(network.parameters.length)
  const [sum, squares] = [new Float64Array(gradient.length), new Float64Array(gradient.length)]
  for (let i = 0; i < batches; i++) {
    drawImages(batch, 1 - share, uniform)
    const prediction = { data: network.forward(batch.pixels, true), shape: [images, SIZE, SIZE, CLASSES] }
    POOLINGS[pooling].evaluate(prediction, { data: batch.labels, shape: [images, SIZE, SIZE] }, { gradient: slope })
    network.backward(slope, gradient)
    gradient.forEach((g, k) => {
      sum[k]! += g
      squares[k]! += g * g
    })
  }
  const mean = sum.map((value) => value / batches)
  const length = Math.hypot(...mean)
  const variance = squares.reduce((total, square, k) => total + square / batches - mean[k]! ** 2, 0)
  return { spread: Math.sqrt(variance) / length, length }
}

export interface NoiseRow extends Noise {
  readonly stage: Stage
  readonly share: number
  readonly pooling: Pooling
  readonly images: number
}

const STAGES: readonly Stage[] = ['untrained', 'share learned']
/** In this order they are drawn: the dashed one above. */
const NAMES = ['batch', 'sample'] as const

/** Every stage, share, pooling and batch size, over as many images each. */
export function noiseTable(images: number): NoiseRow[] {
  return STAGES.flatMap((stage) =>
    SHARES.flatMap((share) =>
      NAMES.flatMap((pooling) =>
        BATCH_SIZES.map((size) => ({
          stage,
          share,
          pooling,
          images: size,
          ...noise(pooling, stage, share, size, Math.ceil(images / size)),
        })),
      ),
    ),
  )
}

const STROKES = { sample: { color: '#d1495b', dash: '6 2' }, batch: { color: '#1f6fb4' } } as const

/** Rows: stages; columns: shares; the spread against the batch size. */
export function poolingFigure(rows: readonly NoiseRow[]): string {
  const [left, top, width, height] = [66, 74, 360, 200]
  const x: Axis = { from: 1, to: 32, ticks: BATCH_SIZES, scale: Math.log2, label: 'batch size' }
  const y: Axis = { from: 0.01, to: 10, ticks: [0.01, 0.1, 1, 10], scale: Math.log10 }
  const panels = STAGES.flatMap((stage, row) =>
    SHARES.map((share, column) =>
      draw({
        left: left + column * (width + 24),
        top: top + row * (height + 66),
        width,
        height,
        title: `${100 * share} % foreground, ${stage}`,
        x,
        y: column === 0 ? { ...y, label: 'spread / length' } : { ...y, numbers: false },
        curves: NAMES.map((pooling) => {
          const own = rows.filter((each) => each.stage === stage && each.share === share && each.pooling === pooling)
          return { x: own.map((each) => each.images), y: own.map((each) => each.spread), ...STROKES[pooling] }
        }),
      }),
    ),
  )
  return picture(left + 2 * width + 44, top + 2 * height + 110, [
    text(left, 22, 'Noise of the gradient of DICEFG, in lengths of its mean', { size: 15 }),
    legend(
      [
        { name: 'a score of each sample', ...STROKES.sample },
        { name: 'a score of the batch', ...STROKES.batch },
      ],
      left,
      44,
    ),
    ...panels,
  ])
}
