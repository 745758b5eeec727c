/** The tables and the figures of README.md, from the committed results. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asymmetryFigure, asymmetryTable } from './asymmetry.ts'
import { drawFigure, writeFigure } from './figures.ts'
import { Findings } from './findings.ts'
import { noiseTable, poolingFigure } from './pooling.ts'
import { readResult, type Result } from './record.ts'
import { settingsOf, WHOLE } from './settings.ts'

const FOLDER = 'examples/experiment'
/** So many images for each point of the pooling figure. */
const IMAGES = 1600

export const resultsIn = (folder: string): Result[] =>
  settingsOf(WHOLE)
    .map((setting) => readResult(folder, setting))
    .filter((result) => result !== undefined)

/** The tables by name: `<!-- name -->` opens their place in the page, `<!-- /name -->` closes it. */
export function tables(): Readonly<Record<string, string>> {
  const study = new Findings(resultsIn(join(FOLDER, 'study')))
  const advice = new Findings(resultsIn(join(FOLDER, 'advice')))
  return {
    convergence: study.convergence(),
    heights: study.heights(),
    norms: study.norms(),
    asymmetry: asymmetryTable(),
    advice: advice.ends(['CCE', 'DICE', 'DICE+CCE']),
  }
}

/** The page with its tables as the results have them. */
export function filled(page: string): string {
  return Object.entries(tables()).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`),
        (_, open, close) => `${open}\n\n${table}\n\n${close}`,
      ),
    page,
  )
}

export function writePage(): void {
  const page = join(FOLDER, 'README.md')
  writeFileSync(page, filled(readFileSync(page, 'utf8')))
  for (const part of ['study', 'advice']) {
    const folder = join(FOLDER, part)
    for (const result of resultsIn(folder)) drawFigure(folder, result)
  }
  writeFigure(FOLDER, 'asymmetry', asymmetryFigure())
  writeFigure(FOLDER, 'pooling', poolingFigure(noiseTable(IMAGES)))
}
