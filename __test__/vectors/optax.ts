import { meanOfRows } from './keras.ts'
import type { Adapter, CaseData, Plan, Skip, VectorCase } from './vectors.ts'
import { channelsLast, flatten, size, skip } from './vectors.ts'

/** One score per sample and class, averaged over the classes: a loss per sample. */
function dice(row: VectorCase): Plan | Skip {
  const { options } = row
  const binary = row.loss === 'binary_dice_loss'
  const [samples = 1] = row.input_shape
  const classes = row.input_shape.at(-1) ?? 1
  const pooled = options['axis'] !== undefined
  if (pooled && JSON.stringify(options['axis']) !== '[0,1,2]')
    return skip(`sums over the axes ${String(options['axis'])}`)
  const activation = options['apply_softmax'] === false ? 'none' : binary ? 'sigmoid' : 'softmax'
  const perSample = !pooled && options['reduction'] !== 'none'
  return {
    parts: [
      {
        loss: 'tverskyLoss',
        options: {
          activation,
          scorePer: pooled ? 'class' : 'sample-class',
          smooth: options['smooth'] ?? 1,
          smoothScale: 'overlap',
          alpha: options['alpha'] ?? 0.5,
          beta: options['beta'] ?? 0.5,
          reduction: pooled ? 'mean' : 'none',
          ...(options['ignore_background'] === true ? { includeBackground: false } : {}),
          ...(options['class_weights'] === undefined
            ? {}
            : { classWeights: options['class_weights'], weightMode: 'multiply' }),
        },
      },
    ],
    data: channelsLast({ ...row, target_kind: 'one-hot' }, samples),
    ...(perSample
      ? {
          read: ({ values }) => meanOfRows(values, classes),
          readGradient: (gradient) => gradient.map((slope) => slope / classes),
        }
      : {}),
  }
}

/** The class axes moved last, as one axis: every other position is a pixel. */
function classesLast(row: VectorCase): CaseData {
  const shape = row.input_shape
  const rank = shape.length
  const given = row.options['axis'] as readonly number[] | undefined
  const axes = (given ?? [-1]).map((axis) => (axis < 0 ? rank + axis : axis))
  const order = [...shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes)
  const steps = shape.map((_, axis) => size(shape.slice(axis + 1)))
  const input = flatten(row.input)
  const moved = order.map((axis) => shape[axis]!)
  const prediction = Float64Array.from({ length: input.length }, (_, i) => {
    let rest = i
    let index = 0
    for (let k = rank - 1; k >= 0; k--) {
      index += (rest % moved[k]!) * steps[order[k]!]!
      rest = Math.floor(rest / moved[k]!)
    }
    return input[index]!
  })
  const classes = size(axes.map((axis) => shape[axis]!))
  const target_kind = row.loss.endsWith('integer_labels') ? 'labels' : 'one-hot'
  return { ...channelsLast({ ...row, input_shape: [input.length / classes, classes], target_kind }), prediction }
}

/** optax: classes last; losses per sample or per pixel. */
export const optax: Adapter = (row): Plan | Skip => {
  switch (row.loss) {
    case 'dice_loss':
    case 'binary_dice_loss':
      return dice(row)
    case 'softmax_cross_entropy':
    case 'softmax_cross_entropy_with_integer_labels':
      return {
        parts: [{ loss: 'crossEntropyLoss', options: { activation: 'softmax', reduction: 'none' } }],
        data: classesLast(row),
        read: ({ values }) => values,
      }
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
