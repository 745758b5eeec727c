import type { CriterionSpec } from '../../src/engine.ts'
import { criterion, type Data } from './build.ts'
import { randomData } from './data.ts'
import { LOSSES, ONE_CLASS_LOSSES } from './losses.ts'

/** One row of the table that every engine goes through: a criterion and what it is evaluated on. */
export interface EngineCase {
  readonly name: string
  readonly spec: CriterionSpec
  readonly data: Data
}

/** What a loss is evaluated on: class 2 is absent from the labels of the second kind. */
const KINDS = [
  { name: 'labels', target: 'labels', channelsLast: false },
  { name: 'labels, class 2 absent, channels last', target: 'labels', labels: [0, 1], channelsLast: true },
  { name: 'labels, ignored and weighted', target: 'labels', ignoreIndex: 255, labels: [0, 1, 2, 255], weighted: true },
  { name: 'labels, a class ignored, channels last', target: 'labels', ignoreIndex: 0, channelsLast: true },
  { name: 'planes, class 0 ignored', target: 'one-hot', ignoreIndex: 0 },
  { name: 'soft planes, weighted, channels last', target: 'soft', channelsLast: true, weighted: true },
  { name: 'regions', target: 'labels', labels: [0, 1, 2, 3], regions: [[1, 2, 3], [2, 3], [3]] },
] as const

/** The table: every loss on every kind of data, under every activation that it has a meaning for. */
export const CASES: readonly EngineCase[] = LOSSES.flatMap((loss, i) =>
  loss.activations.flatMap((activation) =>
    KINDS.flatMap((kind, j) => {
      if ('regions' in kind && activation === 'softmax') return []
      const classes = 3
      const spec = criterion(classes, loss.terms(classes), {
        activation,
        ignoreIndex: 'ignoreIndex' in kind ? kind.ignoreIndex : undefined,
        regions: 'regions' in kind ? kind.regions : undefined,
      })
      const data = randomData({ activation, classes, seed: 1 + i * 37 + j, ...kind })
      return [{ name: `${loss.name}, ${activation}, ${kind.name}`, spec, data }]
    }),
  ),
)

/** The same for one class: labels 0 and 1, or 0 and the mask value. */
export const ONE_CLASS_CASES: readonly EngineCase[] = ONE_CLASS_LOSSES.flatMap((loss, i) =>
  loss.activations
    .filter((activation) => activation !== 'softmax')
    .map((activation) => ({
      name: `${loss.name}, one class, ${activation}`,
      spec: criterion(1, loss.terms(1), { activation, maskValue: 255 }),
      data: randomData({ activation, classes: 1, labels: [0, 255], seed: 7 + i }),
    })),
)
