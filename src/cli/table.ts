/** A report as a table for people, within 100 columns. */

import { visible } from './names.ts'
import { measures, type CaseScores, type Measures, type Report } from './report.ts'

/** How to set off a line; the text itself where the output is no terminal. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
}

export const plain: Style = { bold: (text) => text, dim: (text) => text }

const titles = { dice: 'Dice', iou: 'IoU', precision: 'precision', recall: 'recall' } as const
const nothing = '–'
const longestName = 36

function shortened(name: string): string {
  const letters = Array.from(visible(name))
  if (letters.length <= longestName) return letters.join('')
  return [...letters.slice(0, longestName - 13), '…', ...letters.slice(-12)].join('')
}

const number = (value: number) => (Number.isNaN(value) ? nothing : value.toFixed(4))
const cells = (row: Measures) => measures.map((measure) => number(row[measure]))

interface Line {
  readonly cells: readonly string[]
  readonly look: 'plain' | 'bold' | 'dim'
}

/** Columns as wide as their widest cell: the first aligned to the left, the others to the right. */
function columns(title: readonly string[], groups: readonly (readonly Line[])[], style: Style): string[] {
  const all = [title, ...groups.flat().map((line) => line.cells)]
  const widths = title.map((_, column) => Math.max(...all.map((row) => Array.from(row[column] as string).length)))
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] as number) - Array.from(cell).length)
        return column === 0 ? cell + space : space + cell
      })
      .join('   ')
      .trimEnd()
  const rule = style.dim('─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3)))
  const lines = [style.bold(format(title)), rule]
  for (const group of groups) {
    for (const { cells, look } of group) lines.push(look === 'plain' ? format(cells) : style[look](format(cells)))
    if (group.length > 1) lines.push(rule)
  }
  if (lines.at(-1) === rule) lines.pop()
  return lines
}

function scoreGroups(report: Report): Line[][] {
  const group = (name: string, rows: CaseScores['labels'], mean: Measures, look: Line['look']): Line[] => {
    const lines = rows.map((row, index): Line => {
      return { cells: [index === 0 ? name : '', String(row.label), ...cells(row)], look }
    })
    const meanLine: Line = {
      cells: [rows.length === 0 ? name : '', 'mean', ...cells(mean)],
      look: look === 'plain' ? 'dim' : look,
    }
    return rows.length === 1 ? lines : [...lines, meanLine]
  }
  const cases = report.cases.map((row) => group(shortened(row.case), row.labels, row.mean, 'plain'))
  return [...cases, group('all cases', report.labelMeans, report.mean, 'bold')]
}

function lossGroups(report: Report): Line[][] {
  const values = (of: Readonly<Record<string, number>>) => report.losses.map((name) => number(of[name] as number))
  const lines = report.cases.flatMap(({ case: name, losses }): Line[] => {
    return losses === undefined ? [] : [{ cells: [shortened(name), ...values(losses)], look: 'plain' }]
  })
  return [lines, [{ cells: ['mean', ...values(report.lossMeans)], look: 'bold' }]]
}

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`

/** Breaks a sentence into lines of at most `width` letters. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Writes the report. */
export function tableOf(report: Report, style: Style = plain): string {
  const lines: string[] = []
  if (report.cases.length > 0) {
    lines.push(...columns(['case', 'class', ...measures.map((measure) => titles[measure])], scoreGroups(report), style))
    const every = [...report.cases.flatMap(({ labels }) => labels), ...report.labelMeans]
    if (every.some((row) => measures.some((measure) => Number.isNaN(row[measure])))) {
      lines.push('', style.dim(`${nothing}  nothing to divide by: the class is not there. Left out of the means.`))
    }
    if (report.losses.length > 0 && report.cases.some(({ losses }) => losses !== undefined)) {
      lines.push('', ...columns(['loss', ...report.losses], lossGroups(report), style))
    }
    lines.push('')
  }
  if (report.errors.length > 0) {
    lines.push(style.bold(`${counted(report.errors.length, 'case')} not scored:`))
    for (const { file, code, reason } of report.errors) {
      lines.push(`  ${visible(file)}  ${style.bold(code)}`)
      for (const line of wrapped(visible(reason), 94)) lines.push(`      ${line}`)
    }
    lines.push('')
  }
  lines.push(
    `${counted(report.cases.length, 'case')} scored, ${report.errors.length} not; computed by ${report.numerics}.`,
  )
  return `${lines.join('\n')}\n`
}
