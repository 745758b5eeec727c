import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { csvOf } from '../src/cli/csv.ts'
import { help, optionsMarkdown } from '../src/cli/help.ts'
import { jsonOf } from '../src/cli/json.ts'
import { csvField, safeJson, visible } from '../src/cli/names.ts'
import { optionRows, parseScoreOptions } from '../src/cli/options.ts'
import { mapBounded } from '../src/cli/parallel.ts'
import { progressOn } from '../src/cli/progress.ts'
import type { Report } from '../src/cli/report.ts'
import { tableOf } from '../src/cli/table.ts'
import { folderOf, maskloss } from './cli-process.ts'
import { png } from './files-writers.ts'

test('help, version and usage', async (t) => {
  const short = await maskloss()
  t.deepEqual([short.status, short.stdout], [2, ''])
  t.regex(short.stderr, /maskloss score PREDICTIONS REFERENCES/)
  const long = await maskloss('score', '--help')
  t.deepEqual([long.status, long.stdout, long.stderr], [0, help(), ''])
  const version = await maskloss('--version')
  t.is(version.status, 0)
  t.regex(version.stdout, /^maskloss \d+\.\d+\.\d+ \(.+\)\n$/)
})

test('commands that are wrong end with status 2 and say why', async (t) => {
  const folder = folderOf({ 'a.png': png({ width: 1, height: 1, values: [0] }), 'empty/notes.txt': new Uint8Array(0) })
  const file = join(folder, 'a.png')
  const commands: [string[], RegExp][] = [
    [['scores'], /the command score/],
    [['score', file], /two paths/],
    [['score', file, file, file], /two paths/],
    [['score', file, join(folder, 'none.png')], /nothing at/],
    [['score', file, folder], /two files or two folders/],
    [['score', join(folder, 'empty'), join(folder, 'empty')], /but found none/],
  ]
  const all = await Promise.all(
    commands.map(async ([args, message]) => ({ args, message, ended: await maskloss(...args) })),
  )
  for (const { args, message, ended } of all) {
    t.deepEqual([ended.status, ended.stdout], [2, ''], args.join(' '))
    t.regex(ended.stderr, message)
  }
})

test('options are read and checked', (t) => {
  const options = parseScoreOptions(['a', '--references=b', '--labels', '3, 1', '--ignore-index=-1', '--threads', '2'])
  t.like(options, { predictions: 'a', references: 'b', labels: [3, 1], ignoreIndex: -1, threads: 2, format: 'table' })
  t.is(parseScoreOptions(['--help']), 'help')
  t.is(parseScoreOptions(['a', '--version']), 'version')
  const wrong: [string[], RegExp][] = [
    [['--format', 'xml'], /one of table, json, csv/],
    [['--labels', '1,1'], /each entry/],
    [['--labels', '1,x'], /an integer/],
    [['--labels', ''], /an integer/],
    [['--threads', '0'], /from 1/],
    [['--threads', '1.5'], /from 1/],
    [['--max-bytes', '1e9'], /from 1/],
    [['--layout', 'CHWN'], /one of/],
    [['--losses', 'hinge', '--activation', 'none'], /one of dice/],
    [['--losses', 'dice'], /--activation with --losses/],
    [['--losses', 'cross-entropy', '--activation', 'sigmoid'], /none or softmax with the loss cross-entropy/],
    [['--unknown'], /unknown/i],
    [['--help=yes'], /help/],
  ]
  for (const [args, message] of wrong) {
    t.throws(() => parseScoreOptions(['a', 'b', ...args]), { name: 'UsageError', message }, args.join(' '))
  }
})

test('the help fits 100 columns, and help and documentation know every option', (t) => {
  for (const line of help().split('\n')) t.true(Array.from(line).length <= 100, line)
  const page = readFileSync(new URL('../docs/command-line.md', import.meta.url), 'utf8')
  for (const { name } of optionRows) t.true(help().includes(`--${name}`))
  t.true(page.includes(`${optionsMarkdown()}\n`), 'docs/command-line.md is to hold what optionsMarkdown() gives')
})

test('names cannot command a terminal, a spreadsheet or a JSON reader', (t) => {
  t.is(visible('a\x1b[31mb\x9bc\u202ed\ue000'), 'a\\u{1b}[31mb\\u{9b}c\\u{202e}d\ue000')
  t.is(csvField('=SUM(A1)'), "'=SUM(A1)")
  t.is(csvField('+1'), "'+1")
  t.is(csvField('-a,"b"'), `"'-a,""b"""`)
  t.is(csvField('@x\ny'), "'@x\\u{a}y")
  t.is(csvField('plain'), 'plain')
  const value = { name: 'a\x1b\x7f\x9b\u2028\u202e\u{e0001}\n' }
  const text = safeJson(value)
  t.deepEqual(JSON.parse(text), value)
  t.notRegex(text, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
})

const nothing = { dice: NaN, iou: NaN, precision: NaN, recall: NaN }
const report: Report = {
  labels: [1],
  losses: ['dice'],
  cases: [
    {
      case: `=long\x1b[2J${'x'.repeat(200)}`,
      prediction: 'p',
      reference: 'r',
      labels: [{ label: 1, ...nothing }],
      mean: nothing,
      losses: { dice: 0.25 },
    },
  ],
  labelMeans: [{ label: 1, ...nothing }],
  mean: nothing,
  lossMeans: { dice: 0.25 },
  errors: [{ case: 'b', file: '-b\x07.png', code: 'truncated', reason: `Expected ${'much '.repeat(40)}; copy it` }],
  numerics: 'reference/1',
}

test('a report in three formats', (t) => {
  const table = tableOf(report)
  for (const line of table.split('\n')) t.true(Array.from(line).length <= 100, line)
  t.notRegex(table, /[^\P{Cc}\n]/u)
  t.regex(table, /1 case scored, 1 not/)
  const lines = csvOf(report).trimEnd().split('\n')
  t.is(lines[0], 'row,case,label,dice,iou,precision,recall,loss:dice,code,file,reason')
  t.true(lines[1]?.startsWith("score,'=long\\u{1b}[2J"))
  t.deepEqual(
    lines.slice(2, 5).map((line) => line.replace(/x+/, 'x')),
    ["case-mean,'=long\\u{1b}[2Jx,,,,,,0.25,,,", 'label-mean,,1,,,,,,,,', 'mean,,,,,,,0.25,,,'],
  )
  t.true(lines[5]?.startsWith("error,b,,,,,,,truncated,'-b\\u{7}.png,Expected"))
  const parsed = JSON.parse(jsonOf(report, '1.2.3')) as Record<string, unknown>
  t.like(parsed, { maskloss: '1.2.3', numerics: 'reference/1', mean: { dice: null }, lossMeans: { dice: 0.25 } })
})

test('a report without any case says so', (t) => {
  const none = { ...report, cases: [], labels: [], labelMeans: [], losses: [], lossMeans: {} }
  t.regex(tableOf(none), /0 cases scored, 1 not/)
  t.is(csvOf(none).split('\n').length, 3)
})

test('progress shows on a terminal only', (t) => {
  let shown = ''
  const stream = { isTTY: true, columns: 20, write: (text: string) => (shown += text) }
  const progress = progressOn(stream, true)
  progress.show(1, 1, `a\x1b${'b'.repeat(50)}`)
  progress.clear()
  t.is(shown, `\r\x1b[K1 of 1  a\\u{1b}bbbb\r\x1b[K`)
  shown = ''
  for (const other of [progressOn({ ...stream, isTTY: false }, true), progressOn(stream, false)]) {
    other.show(1, 1, 'a')
    other.clear()
  }
  t.is(shown, '')
})

test('tasks stay within the bounds, and results in order', async (t) => {
  let tasks = 0
  let weight = 0
  const items = Array.from({ length: 40 }, (_, index) => (index === 20 ? 50 : (index * 7) % 5))
  const results = await mapBounded(
    items,
    (item) => item,
    { tasks: 4, weight: 8 },
    async (item) => {
      tasks++
      weight += item
      t.true(tasks <= 4 && (weight <= 8 || tasks === 1))
      await new Promise((resolve) => setTimeout(resolve, item % 3))
      tasks--
      weight -= item
      return item * 2
    },
  )
  t.deepEqual(
    results,
    items.map((item) => item * 2),
  )
})
