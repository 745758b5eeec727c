/** What the program says about itself, from the table of options. */

import { optionRows, type NamedOption } from './options.ts'
import { wrapped } from './table.ts'

const groups = ['Data', 'Scores', 'Output', 'Limits', 'Help'] as const

const usage = 'maskloss score PREDICTIONS REFERENCES [options]'

/** For a call without arguments. */
export const shortHelp: string = `Scores segmentations: predictions against references, two files or two folders paired by name.

  ${usage}

Try: maskloss score predictions references
     maskloss score predictions references --format json --output scores.json
     maskloss score --help
`

/** The whole help, in 100 columns. */
export function help(): string {
  const name = (row: NamedOption) => `--${row.name}${row.value === undefined ? '' : ` ${row.value}`}`
  const width = Math.max(...optionRows.map((row) => name(row).length))
  const sections = groups.map((group) => {
    const lines = optionRows
      .filter((row) => row.group === group)
      .map((row) => {
        const text = row.fallback === undefined ? row.text : `${row.text} Default: ${row.fallback}.`
        return `  ${name(row).padEnd(width)}  ${wrapped(text, 96 - width).join(`\n${' '.repeat(width + 4)}`)}`
      })
    return `${group}:\n${lines.join('\n')}`
  })
  return `Usage: ${usage}

Scores segmentations: Dice, IoU, precision and recall per case and class. PREDICTIONS and REFERENCES
are two files, or two folders whose files are paired by their names without the extension: .nii,
.nii.gz, .npy, .npz, .png. A prediction of its reference's shape is a label map; one with an axis
more holds class scores, of which the largest (with --activation sigmoid, each from probability ½)
wins.

${sections.join('\n\n')}

Exit status: 0 every case was scored; 2 the command is wrong, or failed as a whole; 3 some cases
could not be scored, the others were; 130 interrupted.
`
}

/** The options as a table of the documentation. */
export function optionsMarkdown(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = optionRows.map(({ name, value, text, fallback }) => {
    const option = cell(value === undefined ? `--${name}` : `--${name} ${value}`)
    return `| \`${option}\` | ${cell(text)} | ${fallback === undefined ? '' : cell(fallback)} |`
  })
  return ['| option | meaning | default |', '| --- | --- | --- |', ...rows].join('\n')
}
