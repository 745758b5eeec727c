/** A report as one table of comma-separated values: a kind of row in its first column, NaN as an empty field. */

import { csvField } from './names.ts'
import { measures, type Measures, type Report } from './report.ts'

/** What a row is about. */
type Row = 'score' | 'case-mean' | 'label-mean' | 'mean' | 'error'

/** Writes the report. */
export function csvOf(report: Report): string {
  const header = [
    'row',
    'case',
    'label',
    ...measures,
    ...report.losses.map((name) => `loss:${name}`),
    'code',
    'file',
    'reason',
  ]
  const lines = [header]
  const number = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? '' : String(value))
  const add = (row: Row, name: string, label: string, scores?: Measures, losses?: Readonly<Record<string, number>>) => {
    const values = measures.map((measure) => number(scores?.[measure]))
    lines.push([
      row,
      csvField(name),
      label,
      ...values,
      ...report.losses.map((loss) => number(losses?.[loss])),
      '',
      '',
      '',
    ])
  }
  for (const scored of report.cases) {
    for (const row of scored.labels) add('score', scored.case, String(row.label), row)
    add('case-mean', scored.case, '', scored.mean, scored.losses)
  }
  for (const row of report.labelMeans) add('label-mean', '', String(row.label), row)
  if (report.cases.length > 0) add('mean', '', '', report.mean, report.lossMeans)
  for (const { case: name, code, file, reason } of report.errors) {
    const blanks = [...measures, ...report.losses].map(() => '')
    lines.push(['error', csvField(name), '', ...blanks, code, csvField(file), csvField(reason)])
  }
  return `${lines.map((line) => line.join(',')).join('\n')}\n`
}
