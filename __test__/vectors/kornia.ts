import type { Adapter, CaseData, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsFirst, flatten, skip } from './vectors.ts'

/** kornia's one-hot planes of a label map are 1 and 1e-6; an ignored pixel weighs nothing. */
function softened(row: VectorCase): CaseData {
  const data = channelsFirst({ ...row, target_kind: 'labels' })
  const [samples, classes, pixels] = data.shape
  const labels = flatten(row.target)
  const target = new Float64Array(samples * classes * pixels)
  for (let i = 0; i < target.length; i++) {
    const n = Math.floor(i / (classes * pixels))
    const c = Math.floor(i / pixels) % classes
    target[i] = labels[n * pixels + (i % pixels)] === c ? 1 : 1e-6
  }
  const ignored = row.options['ignore_index'] ?? -100
  return { ...data, target, targetKind: 'per-class', pixelWeights: labels.map((label) => (label === ignored ? 0 : 1)) }
}

function dice(row: VectorCase): Plan | Skip {
  const { options } = row
  const macro = options['average'] === 'macro'
  const weight = options['weight'] as readonly number[] | undefined
  if (!macro && weight?.some((w) => w !== w * w) === true) {
    return skip('class weights enter the numerator squared, the denominator once')
  }
  return {
    parts: [
      {
        loss: 'diceLoss',
        options: {
          activation: 'softmax',
          scorePer: macro ? 'sample-class' : 'sample',
          smooth: { numerator: 0, denominator: options['eps'] ?? 1e-8 },
          smoothScale: 'dice',
          ...(weight === undefined ? {} : { classWeights: weight, weightMode: macro ? 'mean' : 'inside' }),
        },
      },
    ],
    data: softened(row),
  }
}

function tversky(row: VectorCase): Plan {
  const { options } = row
  return {
    parts: [
      {
        loss: 'tverskyLoss',
        options: {
          activation: 'softmax',
          scorePer: 'sample',
          smooth: { numerator: 0, denominator: options['eps'] ?? 1e-8 },
          smoothScale: 'overlap',
          alpha: options['alpha'],
          beta: options['beta'],
          ignoreIndex: options['ignore_index'] ?? -100,
        },
      },
    ],
    data: channelsFirst({ ...row, target_kind: 'labels' }),
  }
}

/** kornia: logits `[N, C, H, W]`, labels `[N, H, W]`; scores per sample, classes pooled. */
export const kornia: Adapter = (row): Plan | Skip => {
  switch (row.loss.toLowerCase().replace('_', '')) {
    case 'diceloss':
      return dice(row)
    case 'tverskyloss':
      return tversky(row)
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
