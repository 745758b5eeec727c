/** Conventions whose libraries record few numbers: each against its library's formula, written out, and that formula's differences. */
import test, { type ExecutionContext } from 'ava'
import type { Conventions } from '../src/index.ts'
import * as native from '../src/index.ts'
import { conventions } from '../src/reference/index.ts'
import { nativeTest } from './native/engine.ts'
import { FACES, thrown, untyped } from './faces.ts'
import { jdtRows, pytorch3dunetRows, seedRows, vnetRows } from './twins/field-rows.ts'
import { BINARY, LABELS, LOGITS, ONE_CHANNEL, SOFT, type Row } from './twins/inputs.ts'
import { seglossRows } from './twins/segloss-rows.ts'

const rowsOf = (conventions: Conventions): readonly Row[] =>
  [seglossRows, pytorch3dunetRows, jdtRows, vnetRows, seedRows].flatMap((rows) => rows(conventions))

const differences = (f: (data: Float64Array) => number, data: Float64Array): number[] =>
  Array.from(data, (_, i) => {
    const at = (offset: number): number => f(data.with(i, data[i]! + offset))
    return (at(1e-6) - at(-1e-6)) / 2e-6
  })

/** Compares value and gradient with the twin's and its differences; tolerances are relative to the largest, beside that of a slope of 0. */
function check(
  t: ExecutionContext,
  { criterion, prediction = LOGITS, target = LABELS, mask, twin }: Row,
  array: Float32ArrayConstructor | Float64ArrayConstructor,
  tolerance: { readonly value: number; readonly gradient: number; readonly zero: number },
): void {
  const data = array.from(prediction.data)
  const { loss, values, gradient } = criterion.evaluate({ ...prediction, data }, target, { gradient: true, mask })
  const exact = Float64Array.from(data)
  const expected = twin(exact)
  t.true(Math.abs(loss - expected) <= tolerance.value * (1 + Math.abs(expected)), `${loss} instead of ${expected}`)
  t.deepEqual([...values], [loss])
  const slopes = differences(twin, exact)
  const largest = Math.max(...slopes.map(Math.abs))
  for (const [i, slope] of slopes.entries()) {
    const close = Math.abs(gradient[i]! - slope) <= tolerance.gradient * largest + tolerance.zero
    t.true(close, `slope ${i} is ${gradient[i]} instead of ${slope}`)
  }
}

for (const row of rowsOf(conventions)) {
  test(`value and gradient are the library's: ${row.title}`, (t) => {
    // SegLossOdyssey's (G + 1e-10)² and our G² + 1e-20 differ by less.
    check(t, row, Float64Array, { value: 1e-11, gradient: 1e-6, zero: 1e-9 })
  })
}

for (const row of rowsOf(native.conventions)) {
  nativeTest(`natively, value and gradient are the library's: ${row.title}`, (t) => {
    check(t, row, Float32Array, { value: 1e-6, gradient: 1e-5, zero: 1e-8 })
  })
}

for (const [title, criterion] of [
  ['ExpLogLoss', conventions.segloss.ExpLogLoss()],
  ['PenaltyGDiceLoss', conventions.segloss.PenaltyGDiceLoss()],
] as const) {
  test(`the gradient of a function of a loss is scaled and accumulated: ${title}`, (t) => {
    const plain = criterion.evaluate(LOGITS, LABELS, { gradient: true }).gradient
    const gradient = new Float64Array(plain.length).fill(1)
    criterion.evaluate(LOGITS, LABELS, { gradient, gradientScale: -2, accumulate: true })
    for (const [i, slope] of plain.entries()) t.true(Math.abs(gradient[i]! - (1 - 2 * slope)) < 1e-12)
  })
}

test('a perfect score has no slope, whatever the power', (t) => {
  const perfect = { data: Float64Array.of(1, 0, 0, 1), shape: [1, 2, 2] }
  const labels = { data: Int32Array.of(0, 1), shape: [1, 1, 2] }
  const { loss, gradient } = conventions.segloss
    .FocalTverskyLoss({ tverskyKwargs: { applyNonlin: null } })
    .evaluate(perfect, labels, { gradient: true })
  t.is(loss, 0)
  t.deepEqual([...gradient], [0, 0, 0, 0])
})

test('the mean over no pixel is NaN', (t) => {
  const { loss, gradient } = conventions.segloss.TopKLoss({ k: 5 }).evaluate(LOGITS, LABELS, { gradient: true })
  t.is(loss, NaN)
  t.true(gradient.every((slope) => slope === 0))
})

for (const [name, face] of FACES) {
  test(`${name}: what means nothing is refused by name`, (t) => {
    const { segloss: odyssean, jdt: jaccard } = face.conventions
    const message = (call: () => unknown): string => thrown(call).message
    t.regex(
      message(() => odyssean.SoftDiceLoss(untyped({ applyNonlin: Math.tanh }))),
      /'softmax'/,
    )
    t.regex(
      message(() => odyssean.ExpLogLoss(untyped({ softDiceKwargs: { applyNonlin: 'softmax' } }))),
      /applyNonlin/,
    )
    t.regex(
      message(() => odyssean.SoftDiceLoss({ square: true }).evaluate(LOGITS, SOFT)),
      /0 or 1 with square/,
    )
    t.regex(
      message(() => odyssean.IoULoss({ doBg: false, applyNonlin: 'sigmoid' }).evaluate(ONE_CHANNEL, BINARY)),
      /beside the background/,
    )
    t.regex(
      message(() => odyssean.FocalLoss({ alpha: 0.5, balanceIndex: 3 }).evaluate(LOGITS, LABELS)),
      /balanceIndex/,
    )
    t.regex(
      message(() => jaccard.JDTLoss(untyped({ norm: 3 }))),
      /norm/,
    )
    t.regex(
      message(() => jaccard.JDTLoss({ threshold: -1 })),
      /threshold/,
    )
  })
}
