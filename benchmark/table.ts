/** The rows as text. */
import { describeMode, times, timesFloor, type Row, type Suite } from './rows.ts'

const TITLES: Record<Suite, string> = {
  workloads: 'How far above its floor, how far below plain TypeScript?',
  scaling: 'How does the time grow with pixels and threads?',
  classes: 'What does a class cost at a fixed number of elements?',
  dtypes: 'What does a type of label cost against bytes?',
  layouts: 'What do channels last cost against channels first?',
  compounds: 'What does a sum of losses cost against Dice alone?',
}

/** Milliseconds; microseconds where they are few, seconds where they are many. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`
  return ms < 0.1 ? `${(ms * 1000).toPrecision(3)} µs` : `${ms.toPrecision(3)} ms`
}

const ratio = (value: number): string => (Number.isNaN(value) ? '' : `${value.toFixed(value < 10 ? 2 : 0)}×`)

type Column = readonly [title: string, cell: (row: Row, rows: readonly Row[]) => string]

const NAME: Column = ['', (row) => `${row.name} ${row.suite === 'workloads' ? row.title : ''}`.trim()]
const MODE: Column = ['', (row) => describeMode(row.mode)]
const OURS: Column = ['median', (row) => duration(row.ours.median)]
const QUARTILES: Column = ['quartiles', ({ ours }) => `${duration(ours.lower)} – ${duration(ours.upper)}`]
const BYTES: Column = ['bytes', ({ bytes }) => (bytes === undefined ? '' : duration(bytes.median))]
const FUNCTIONS: Column = ['exp, ln', ({ functions }) => (functions === undefined ? '' : duration(functions.median))]
const OVER_FLOOR: Column = ['/ floor', (row) => ratio(timesFloor(row))]
const OVER_BYTES: Column = ['/ bytes', (row) => ratio(times(row, row.bytes))]
const PLAIN: Column = ['plain TS', ({ reference }) => (reference === undefined ? '' : duration(reference.median))]
const UNDER_PLAIN: Column = ['faster', (row) => ratio(1 / times(row, row.reference))]
const PER_ELEMENT: Column = ['ns an element', (row) => perElement(row).toPrecision(3)]
const OVER_BEST: Column = [
  '/ best',
  (row, rows) => ratio(perElement(row) / Math.min(...rows.filter((other) => isComparable(row, other)).map(perElement))),
]
const OVER_BASELINE: Column = ['/ baseline', (row) => ratio(times(row, row.baseline))]

const COLUMNS: Record<Suite, readonly Column[]> = {
  workloads: [NAME, MODE, OURS, QUARTILES, BYTES, FUNCTIONS, OVER_FLOOR, OVER_BYTES, PLAIN, UNDER_PLAIN],
  scaling: [NAME, ['', ({ title }) => title], OURS, QUARTILES, BYTES, OVER_BYTES, PER_ELEMENT],
  classes: [NAME, MODE, OURS, QUARTILES, BYTES, OVER_BYTES, PER_ELEMENT, OVER_BEST],
  dtypes: [NAME, MODE, OURS, QUARTILES, OVER_BASELINE],
  layouts: [NAME, MODE, OURS, QUARTILES, OVER_BASELINE],
  compounds: [NAME, MODE, OURS, QUARTILES, OVER_BASELINE],
}

const perElement = ({ ours, elements }: Row): number => (ours.median * 1e6) / elements

/** The target of the time an element: 2 to 150 classes. */
const isComparable = (row: Row, other: Row): boolean =>
  row.mode === other.mode && other.classes >= 2 && other.classes <= 150

/** One table for each suite, level and number of threads. */
export function tables(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = `${row.suite} ${row.level} ${row.threads}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map(table).join('\n')
}

function table(rows: readonly Row[]): string {
  const { suite, level, threads } = rows[0]!
  const columns = COLUMNS[suite]
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row, rows)))]
  return `${TITLES[suite]} ${level}, ${threads} thread${threads === 1 ? '' : 's'}\n${align(cells)}\n`
}

/** Columns of text; the first two to the left. */
export function align(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const pad = (text: string, column: number): string =>
    column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  return cells.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n')
}
