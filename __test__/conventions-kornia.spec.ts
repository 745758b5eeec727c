import test from 'ava'
import type { ConventionCriterion } from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { checkCriterion, difference, labels, logits, probabilities, tensor, type Shaped } from './cases/conventions.ts'
import { thrown, untyped } from './faces.ts'

const { kornia } = conventions
const PREDICTION = logits(2, 3, 2, 2)
const LABELS = labels(3, 2, 2, 2)
const IGNORED = tensor(Int32Array.of(0, 1, 255, 0, 1, 1, 255, 2), 2, 2, 2)
const SOFT = probabilities(2, 3, 2, 2)
const WITH_HOLES = tensor(
  Float64Array.from(SOFT.data, (value, i) => (i % 5 === 0 ? 255 : value)),
  2,
  3,
  2,
  2,
)
const weight = [0.5, 1, 2]

const ROWS: readonly (readonly [title: string, criterion: ConventionCriterion, target: Shaped])[] = [
  ['dice', kornia.diceLoss(), LABELS],
  ['dice, weighted', kornia.diceLoss({ weight, ignoreIndex: 255 }), IGNORED],
  ['dice, one by one', kornia.DiceLoss({ weight, average: 'macro', ignoreIndex: 255, eps: 0.1 }), IGNORED],
  ['tversky', kornia.tverskyLoss({ alpha: 0.3, beta: 0.9, ignoreIndex: 255 }), IGNORED],
  ['focal', kornia.focalLoss({ alpha: 0.25, weight, reduction: 'mean' }), LABELS],
  ['focal, elements', kornia.FocalLoss({ alpha: null, gamma: 0.5, ignoreIndex: 255 }), IGNORED],
  ['binary focal', kornia.binaryFocalLossWithLogits({ weight, posWeight: [1, 2, 3], reduction: 'sum' }), SOFT],
  [
    'binary focal, ignored',
    kornia.BinaryFocalLossWithLogits({ alpha: null, posWeight: [1, 2, 3], ignoreIndex: 255, reduction: 'mean' }),
    WITH_HOLES,
  ],
  ['binary focal, ignored elements', kornia.binaryFocalLossWithLogits({ weight, ignoreIndex: 255 }), WITH_HOLES],
  ['lovasz softmax', kornia.lovaszSoftmaxLoss({ weight }), LABELS],
]

for (const [title, criterion, target] of ROWS) {
  test(`the gradient is that of the loss: ${title}`, (t) => checkCriterion(t, criterion, PREDICTION, target))
}

test('the gradient is that of the loss: lovasz hinge', (t) => {
  checkCriterion(t, kornia.lovaszHingeLoss(), logits(2, 1, 2, 3), labels(2, 2, 2, 3))
})

test('weights of 1 are no weights', (t) => {
  const ones = { weight: [1, 1, 1], ignoreIndex: 255 }
  const close = (weighted: ConventionCriterion, plain: ConventionCriterion): void => {
    const a = weighted.evaluate(PREDICTION, IGNORED, { gradient: true })
    const b = plain.evaluate(PREDICTION, IGNORED, { gradient: true })
    t.true(Math.abs(a.loss - b.loss) < 1e-12)
    t.true(difference(a.gradient, b.gradient) < 1e-12)
  }
  close(kornia.diceLoss(ones), kornia.diceLoss({ ignoreIndex: 255 }))
  close(kornia.diceLoss({ ...ones, average: 'macro' }), kornia.diceLoss({ average: 'macro', ignoreIndex: 255 }))
  const [weighted, plain] = [kornia.lovaszSoftmaxLoss({ weight: [1, 1, 1] }), kornia.lovaszSoftmaxLoss()]
  t.true(Math.abs(weighted.evaluate(PREDICTION, LABELS).loss - plain.evaluate(PREDICTION, LABELS).loss) < 1e-12)
})

test('the reductions of focal losses are of the same elements', (t) => {
  const by = (reduction: 'none' | 'mean' | 'sum') => kornia.focalLoss({ alpha: 0.25, reduction, ignoreIndex: 255 })
  const none = by('none').evaluate(PREDICTION, IGNORED)
  t.deepEqual(none.valuesShape, [2, 3, 2, 2])
  t.true(Math.abs(none.loss - by('sum').evaluate(PREDICTION, IGNORED).loss) < 1e-12)
  t.true(Math.abs(none.loss / 24 - by('mean').evaluate(PREDICTION, IGNORED).loss) < 1e-12)
  // Pixel 2 of sample 0 is ignored, in every class.
  t.deepEqual([none.values[2], none.values[6], none.values[10]], [0, 0, 0])
})

test('ignored elements of a binary target are not read, and their classes stay apart', (t) => {
  const criterion = kornia.binaryFocalLossWithLogits({ ignoreIndex: 255 })
  const moved = Float64Array.from(PREDICTION.data, (z, i) => (i % 5 === 0 ? NaN : z))
  const { loss, values } = criterion.evaluate(PREDICTION, WITH_HOLES)
  t.is(criterion.evaluate(tensor(moved, 2, 3, 2, 2), WITH_HOLES).loss, loss)
  const every = kornia.binaryFocalLossWithLogits({ ignoreIndex: null }).evaluate(PREDICTION, SOFT).values
  for (const [i, value] of values.entries()) t.true(Math.abs(value - (i % 5 === 0 ? 0 : every[i]!)) < 1e-12)
})

test('what kornia requires is required, and labels are classes', (t) => {
  const message = (call: () => unknown): string => thrown(call).message
  t.regex(
    message(() => kornia.focalLoss(untyped({ gamma: 2 }))),
    /alpha/,
  )
  t.regex(
    message(() => kornia.BinaryFocalLossWithLogits(untyped({}))),
    /alpha/,
  )
  t.regex(
    message(() => kornia.tverskyLoss(untyped({ alpha: 0.5 }))),
    /beta/,
  )
  t.regex(
    message(() => kornia.lovaszSoftmaxLoss(untyped({ ignoreIndex: 255 }))),
    /ignoreIndex/,
  )
  t.regex(
    message(() => kornia.lovaszHingeLoss().evaluate(PREDICTION, LABELS)),
    /one class/,
  )
  t.regex(
    message(() => kornia.diceLoss({ weight }).evaluate(PREDICTION, IGNORED)),
    /found 255 at sample 0, pixel \(1, 0\)/,
  )
  t.regex(
    message(() => kornia.diceLoss({ weight: [1, 2] }).evaluate(PREDICTION, LABELS)),
    /one number a class \(3\)/,
  )
})
