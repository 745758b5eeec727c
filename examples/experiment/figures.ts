/** The figure of a setting: a column for each loss that was trained on; gradient norms above, losses and accuracy below. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { draw, legend, picture, text, type Axis, type Curve } from './chart.ts'
import { LOSS_NAMES, type LossName } from './losses.ts'
import { KEPT_EVERY, LOSS_WINDOW, NORM_WINDOW, type KeptRun, type Result } from './record.ts'
import { nameOf } from './settings.ts'
import { VALIDATION_EVERY } from './train.ts'

const STROKES: Readonly<Record<LossName, Pick<Curve, 'color' | 'dash'>>> = {
  CCE: { color: '#222222' },
  DICE: { color: '#1f6fb4' },
  DICEFG: { color: '#d1495b' },
  DICE_SQUARE: { color: '#5aa9e6', dash: '5 2' },
  DICEFG_SQUARE: { color: '#f2a05f', dash: '5 2' },
}
const ACCURACY: Pick<Curve, 'color' | 'dash'> = { color: '#2a9d5c', dash: '1.5 2' }

const [LEFT, TOP] = [62, 74]
const [PANEL, GAP, NORM_HEIGHT, LOSS_HEIGHT] = [215, 20, 190, 190]

const iterationsOf = (count: number, every: number): number[] => Array.from({ length: count }, (_, i) => i * every)

/** Points of a long curve that are drawn: one in so many. */
const drawnOf = (count: number): number => Math.ceil(count / 150)

/** A curve a loss and run. */
function curves(runs: readonly KeptRun[], which: 'losses' | 'norms'): Curve[] {
  return runs.flatMap((run) =>
    LOSS_NAMES.map((name) => {
      const { curve } = run[which][name]
      const every = drawnOf(curve.length)
      const y = curve.filter((_, i) => i % every === 0)
      return { ...STROKES[name], x: iterationsOf(y.length, every * KEPT_EVERY), y }
    }),
  )
}

/** Who calls every pixel what most are. */
const trivialOf = ({ threshold, iterations }: Result): Curve => {
  const accuracy = Math.max(threshold, 1 - threshold)
  return { color: '#b8b8b8', x: [0, iterations], y: [accuracy, accuracy] }
}

const accuracies = (runs: readonly KeptRun[]): Curve[] =>
  runs.map(({ accuracy }) => ({ ...ACCURACY, x: iterationsOf(accuracy.length, VALIDATION_EVERY), y: accuracy }))

function figure(result: Result): string {
  const { optimiser, batchNorm, threshold, iterations, runs } = result
  const trained = [...new Set(runs.map(({ loss }) => loss))]
  const count = new Set(runs.map(({ run }) => run)).size
  const last = Math.max(1, iterations - 1)
  const x: Axis = { from: 0, to: last, ticks: [0, last / 4, last / 2, (3 * last) / 4].map(Math.floor) }
  const title =
    `${optimiser === 'adam' ? 'Adam' : 'SGD'}, ${batchNorm ? 'with' : 'no'} batch normalisation, ` +
    `${(100 * (1 - threshold)).toFixed(0)} % foreground: ${count} ${count === 1 ? 'run' : 'runs'} for each loss trained on`
  const panels = trained.flatMap((loss, column) => {
    const own = runs.filter((run) => run.loss === loss)
    const left = LEFT + column * (PANEL + GAP)
    const label = (words: string) => (column === 0 ? { label: words } : { numbers: false })
    return [
      draw({
        left,
        top: TOP,
        width: PANEL,
        height: NORM_HEIGHT,
        title: `trained on ${loss}`,
        x: { ...x, numbers: false },
        y: { from: 0, to: 4, ticks: [0, 1, 2, 3, 4], ...label(`gradient norms (mean over ${NORM_WINDOW})`) },
        curves: curves(own, 'norms'),
      }),
      draw({
        left,
        top: TOP + NORM_HEIGHT + 18,
        width: PANEL,
        height: LOSS_HEIGHT,
        x: { ...x, label: `iteration (to ${last})` },
        y: {
          from: 0,
          to: 1.2,
          ticks: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2],
          ...label(`losses (mean over ${LOSS_WINDOW}), accuracy`),
        },
        curves: [trivialOf(result), ...curves(own, 'losses'), ...accuracies(own)],
      }),
    ]
  })
  const names = [
    ...LOSS_NAMES.map((name) => ({ name, ...STROKES[name] })),
    { name: 'accuracy (below)', ...ACCURACY },
    { name: 'accuracy of the larger class alone', color: '#b8b8b8' },
  ]
  const width = Math.max(LEFT + trained.length * (PANEL + GAP), 760)
  return picture(width, TOP + NORM_HEIGHT + LOSS_HEIGHT + 60, [
    text(LEFT, 20, title, { size: 15 }),
    legend(names, LEFT, 42),
    ...panels,
  ])
}

/** Writes a picture; returns its path. */
export function writeFigure(folder: string, name: string, svg: string): string {
  const path = join(folder, 'figures', `${name}.svg`)
  mkdirSync(join(folder, 'figures'), { recursive: true })
  writeFileSync(path, svg)
  return path
}

/** Writes the figure of a setting; returns its path. */
export const drawFigure = (folder: string, result: Result): string =>
  writeFigure(folder, nameOf(result), figure(result))
