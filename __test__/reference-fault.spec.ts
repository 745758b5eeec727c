import test from 'ava'
import { reference } from '../src/reference/engine.ts'
import { callOf, faultOf } from './cases/build.ts'
import { FAULTS } from './cases/faults.ts'

const engine = reference.engine()

for (const { name, spec, data, fault } of FAULTS) {
  test(`looks at ${name}`, (t) => {
    const gradient = new Float64Array(data.prediction.length).fill(7)
    const found = faultOf(engine, spec, data, gradient)
    if (fault === undefined) {
      t.is(found, undefined)
      return
    }
    t.like(found, fault)
    // Nothing was written.
    t.true(gradient.every((slope) => slope === 7))
  })
}

test('refuses a gradient in the memory of an input', (t) => {
  const { spec, data } = FAULTS[0]!
  const memory = new Float64Array(2 * data.prediction.length)
  const prediction = memory.subarray(0, data.prediction.length)
  const over = (offset: number) => memory.subarray(offset, offset + prediction.length)
  const found = (gradient: Float64Array) =>
    engine.compile(spec).evaluate(callOf(spec, { ...data, prediction }, gradient))
  t.is(found(prediction).fault, 'overlap')
  t.is(found(over(prediction.length - 1)).fault, 'overlap')
  t.is(found(over(prediction.length)).fault, undefined)
})
