/** What the article observed, in numbers of our runs, as tables. */
import { LOSS_NAMES, type LossName, type TrainedOn } from './losses.ts'
import { KEPT_EVERY, meanOf, type Kept, type KeptRun, type Result } from './record.ts'
import { nameOf, WHOLE, type Setting } from './settings.ts'
import { tableOf } from './table.ts'

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const percent = (share: number): string => (100 * share).toFixed(1)

/** Mean and, where they differ, least and largest of the runs. */
function spread(values: readonly number[], shown: (value: number) => string): string {
  const [least, largest] = [shown(Math.min(...values)), shown(Math.max(...values))]
  return least === largest ? least : `${shown(mean(values))} (${least}–${largest})`
}

/** The accuracy at the end: the mean of the last eight validations, as one alone jitters. */
const finalAccuracy = ({ accuracy }: KeptRun): number => mean(accuracy.slice(-8))

/** Halfway from the trivial answer's 95 % at the rare shares to 100 %. No run of the study ends between 95.6 and 99.1 %. */
const CONVERGED = 0.975

/** The largest value of a curve within the first iterations; NaN where one is no number. */
const largest = ({ curve }: Kept, iterations: number): number =>
  Math.max(...curve.slice(0, iterations / KEPT_EVERY + 1).map((value) => value ?? NaN))

const shareName = (threshold: number): string => `${percent(1 - threshold).replace('.0', '')} %`

export class Findings {
  readonly #results: readonly Result[]

  constructor(results: readonly Result[]) {
    this.#results = results
  }

  #runs(setting: Setting, loss: TrainedOn): readonly KeptRun[] {
    const result = this.#results.find((each) => nameOf(each) === nameOf(setting))
    return result?.runs.filter((run) => run.loss === loss) ?? []
  }

  /** Validation accuracy at the end, and how many runs converged: a row a setting, a column a loss trained on. */
  convergence(): string {
    const rows = this.#results.map((result) => [
      result.optimiser === 'adam' ? 'Adam' : 'SGD',
      result.batchNorm ? 'yes' : 'no',
      shareName(result.threshold),
      ...LOSS_NAMES.map((loss) => {
        const runs = this.#runs(result, loss)
        const count = runs.filter((run) => finalAccuracy(run) >= CONVERGED).length
        return `${spread(runs.map(finalAccuracy), percent)}, ${count}/${runs.length}`
      }),
    ])
    return tableOf(['optimiser', 'batch norm.', 'foreground', ...LOSS_NAMES], rows)
  }

  /** The largest CCE and norm of its gradient in the first 1,000 iterations, while trained on a loss, at 50 % foreground with Adam. */
  heights(): string {
    const rows = [false, true].flatMap((batchNorm) =>
      LOSS_NAMES.map((loss) => {
        const runs = this.#runs({ optimiser: 'adam', batchNorm, threshold: 0.5 }, loss)
        const highest = (which: 'losses' | 'norms'): string =>
          spread(
            runs.map((run) => largest(run[which].CCE, 1000)),
            (value) => value.toPrecision(3),
          )
        return [batchNorm ? 'yes' : 'no', loss, highest('losses'), highest('norms')]
      }),
    )
    return tableOf(['batch norm.', 'trained on', 'largest CCE', 'largest gradient norm of CCE'], rows)
  }

  /** The norm of the gradient of the loss trained on, over the whole training, with Adam. */
  norms(): string {
    const rows = [false, true].flatMap((batchNorm) =>
      LOSS_NAMES.map((loss: LossName) => [
        batchNorm ? 'yes' : 'no',
        loss,
        ...WHOLE.thresholds.map((threshold) => {
          const runs = this.#runs({ optimiser: 'adam', batchNorm, threshold }, loss)
          return spread(
            runs.map((run) => meanOf(run.norms[loss])),
            (value) => value.toPrecision(2),
          )
        }),
      ]),
    )
    return tableOf(
      ['batch norm.', 'trained on', ...WHOLE.thresholds.map((threshold) => `${shareName(threshold)} foreground`)],
      rows,
    )
  }

  /** The foreground's soft Dice (1 − DICEFG), CCE and accuracy at the end, with Adam at 5 % foreground. */
  ends(losses: readonly TrainedOn[]): string {
    const rows = [false, true].flatMap((batchNorm) =>
      losses.map((loss) => {
        const runs = this.#runs({ optimiser: 'adam', batchNorm, threshold: 0.95 }, loss)
        const last = (name: LossName): number[] => runs.map((run) => run.losses[name].last ?? NaN)
        return [
          batchNorm ? 'yes' : 'no',
          loss,
          spread(
            last('DICEFG').map((value) => 1 - value),
            (value) => value.toFixed(3),
          ),
          spread(last('CCE'), (value) => value.toPrecision(2)),
          spread(runs.map(finalAccuracy), percent),
        ]
      }),
    )
    return tableOf(['batch norm.', 'trained on', 'soft Dice of the foreground', 'CCE', 'accuracy, %'], rows)
  }
}
