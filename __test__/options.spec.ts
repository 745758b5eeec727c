/** Options are own properties of a plain object, each read once, and nothing else. */
import test from 'ava'
import { runInNewContext } from 'node:vm'

import { closest } from '../src/spelling.ts'
import {
  FINITE,
  INDEX,
  NON_NEGATIVE,
  OptionNames,
  POSITIVE,
  sameValues,
  text,
  type OptionValues,
} from '../src/options.ts'
import { thrown } from './faces.ts'

const INNER = new OptionNames('inner', { numerator: 'value' })
const NAMES = new OptionNames('someLoss', {
  mode: 'value',
  amount: 'value',
  ids: 'list',
  smooth: INNER,
  data: 'tensor',
})
const parse = (options: unknown): OptionValues => NAMES.parse(options)
const code = (call: () => unknown): unknown => (thrown(call) as { code?: unknown }).code

test('undefined is absent', (t) => {
  const options = parse({ mode: undefined, ids: undefined })
  t.is(options.oneOf('mode', ['a']), undefined)
  t.is(options.numbers('ids', INDEX), undefined)
  t.is(options.nested('smooth', INNER).number('numerator', FINITE), undefined)
  t.false(parse(undefined).has('mode'))
})

test('each property is read once, in the order it is written', (t) => {
  const reads: string[] = []
  const source = {
    get amount(): number {
      reads.push('amount')
      return 1
    },
    get mode(): string {
      reads.push('mode')
      return 'a'
    },
  }
  const options = parse(source)
  t.is(options.number('amount', FINITE), 1)
  t.is(options.number('amount', FINITE), 1)
  t.is(options.oneOf('mode', ['a']), 'a')
  t.deepEqual(reads, ['amount', 'mode'])
})

test('inherited properties are no options', (t) => {
  const polluted = Object.prototype as { amount?: number; unknownName?: number }
  try {
    polluted.amount = 666
    polluted.unknownName = 666
    t.false(parse({}).has('amount'))
  } finally {
    delete polluted.amount
    delete polluted.unknownName
  }
})

test('plain objects only', (t) => {
  t.true(parse(Object.assign(Object.create(null), { amount: 1 })).has('amount'))
  t.true(parse(runInNewContext('({ amount: 1 })')).has('amount'))
  for (const options of [
    null,
    1,
    'a',
    [],
    new Map(),
    new Date(),
    () => 1,
    Object.create({ amount: 1 }),
    3n,
    Symbol('a'),
  ]) {
    t.is(
      code(() => parse(options)),
      'ERR_MASKLOSS_OPTION_TYPE',
    )
  }
})

test('lists are copied, their elements read once', (t) => {
  const ids = [1, 2]
  const options = parse({ ids })
  ids[0] = 99
  t.deepEqual(options.numbers('ids', INDEX), [1, 2])
  t.deepEqual(parse({ ids: Uint8Array.of(3, 4) }).numbers('ids', INDEX), [3, 4])
  t.deepEqual(parse({ ids: [[1], Int32Array.of(2)] }).lists('ids', INDEX), [[1], [2]])
  const data = new Float32Array(2)
  t.is(parse({ data }).raw('data'), data)
})

/** [options, reader, code] */
const REFUSED: readonly (readonly [unknown, (options: OptionValues) => unknown, string])[] = [
  [{ amount: '1' }, (options) => options.number('amount', FINITE), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ amount: null }, (options) => options.number('amount', FINITE), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ amount: 1n }, (options) => options.number('amount', FINITE), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ amount: NaN }, (options) => options.number('amount', FINITE), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: -Infinity }, (options) => options.number('amount', FINITE), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: -1 }, (options) => options.number('amount', NON_NEGATIVE), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: 0 }, (options) => options.number('amount', POSITIVE), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: 1.5 }, (options) => options.number('amount', INDEX), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: 2 ** 53 }, (options) => options.number('amount', INDEX), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ amount: 1 }, (options) => options.boolean('amount'), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ mode: 'b' }, (options) => options.oneOf('mode', ['a']), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ mode: ['a'] }, (options) => options.oneOf('mode', ['a']), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ mode: { toString: () => 'a' } }, (options) => options.oneOf('mode', ['a']), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: 1 }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: { length: 1, 0: 1 } }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: [] }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ ids: new Array(2) }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: BigInt64Array.of(1n) }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: new Array(2 ** 31) }, (options) => options.numbers('ids', INDEX), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ ids: [[1], 2] }, (options) => options.lists('ids', INDEX), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ ids: [[]] }, (options) => options.lists('ids', INDEX), 'ERR_MASKLOSS_OPTION_VALUE'],
  [{ smooth: 1 }, (options) => options.nested('smooth', INNER), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ smooth: [1] }, (options) => options.nested('smooth', INNER), 'ERR_MASKLOSS_OPTION_TYPE'],
  [{ smooth: { other: 1 } }, (options) => options, 'ERR_MASKLOSS_OPTION_UNKNOWN'],
  [{ other: 1 }, (options) => options, 'ERR_MASKLOSS_OPTION_UNKNOWN'],
  [{ smooth: null }, (options) => options.nested('smooth', INNER), 'ERR_MASKLOSS_OPTION_TYPE'],
]

test('wrong types and values are refused', (t) => {
  for (const [options, read, expected] of REFUSED)
    t.is(
      code(() => read(parse(options))),
      expected,
    )
})

test('names of properties every object has are unknown options', (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    t.is(
      code(() => parse({ [name]: 1 })),
      'ERR_MASKLOSS_OPTION_UNKNOWN',
    )
  }
  t.is(
    code(() => parse(JSON.parse('{"__proto__": 1}'))),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
  )
})

test('the same options are recognized by what they hold', (t) => {
  const same = (a: unknown, b: unknown): boolean => sameValues(NAMES.read(a), NAMES.read(b))
  t.true(same({ amount: NaN, ids: [1, [2]] }, { ids: [1, [2]], amount: NaN }))
  t.true(same({ smooth: { numerator: 1 } }, { smooth: { numerator: 1 } }))
  t.false(same({ smooth: { numerator: 1 } }, { smooth: { numerator: 2 } }))
  t.false(same({ ids: [1] }, { ids: [1, 2] }))
  t.false(same({ smooth: {} }, {}))
})

test('a misspelled name finds the nearest', (t) => {
  const names = ['ignoreIndex', 'classWeights', 'classes', 'alpha']
  t.is(closest('ignore_index', names), 'ignoreIndex')
  t.is(closest('classWeight', names), 'classWeights')
  t.is(closest('class', names), undefined)
  t.is(closest('clases', names), 'classes')
  t.is(closest('temperature', names), undefined)
  t.is(closest('x'.repeat(1e6), names), undefined)
})

test('ranges are words', (t) => {
  t.is(text(FINITE), 'a finite number')
  t.is(text(POSITIVE), 'a number > 0')
  t.is(text({ min: 0, above: true, max: 0.5, below: true }), 'a number > 0 and < 0.5')
  t.is(text(INDEX), 'an integer ≥ 0')
})
