import type { Averaging, CellOptions, Reduction, ScorePer, WeightMode } from '../engine.ts'
import { sum } from './sum.ts'

/** What one score is made of. */
export interface Cell {
  /** `undefined`: the samples are pooled. */
  readonly sample: number | undefined
  /** `undefined`: the classes are pooled. */
  readonly class: number | undefined
  readonly members: readonly Member[]
}

/** A class of a sample. */
export interface Member {
  readonly sample: number
  readonly class: number
}

/** The cells in the order of `values`. */
export function cellsOf({ scorePer, classes }: Pick<CellOptions, 'scorePer' | 'classes'>, samples: number): Cell[] {
  const all = Array.from({ length: samples }, (_, n) => n)
  const cell = (sample: number | undefined, c: number | undefined): Cell => {
    const ofSamples = sample === undefined ? all : [sample]
    const ofClasses = c === undefined ? classes : [c]
    return { sample, class: c, members: ofSamples.flatMap((n) => ofClasses.map((k) => ({ sample: n, class: k }))) }
  }
  const rows = poolsSamples(scorePer) ? [undefined] : all
  const columns = scorePer === 'sample' || scorePer === 'batch' ? [undefined] : classes
  return rows.flatMap((n) => columns.map((c) => cell(n, c)))
}

/** The samples of a batch are scored as one. */
export function poolsSamples(scorePer: ScorePer): boolean {
  return scorePer === 'class' || scorePer === 'batch'
}

/** A cell's part in a loss. */
export interface CellPart {
  readonly cell: Cell
  readonly weight: number
  /** Before its weight; `undefined`: the cell is left out. */
  readonly loss: number | undefined
}

/** The loss of all cells, and its derivative by the loss of each. */
export interface Reduced {
  readonly loss: number
  readonly slopes: readonly number[]
}

/**
 * `Σ w·ℓ`, or its mean: over `Σ w` (`'mean'`), over the number of cells, of all cells, or first within each sample or class and
 * then over those that have any. A mean over nothing is 0.
 */
export function reduceCells(
  parts: readonly CellPart[],
  averaging: Averaging,
  weightMode: WeightMode,
  reduction: Reduction,
): Reduced {
  const groups = new Map<number | undefined, CellPart[]>()
  for (const part of parts) {
    if (part.loss === undefined) continue
    const { sample, class: c } = part.cell
    const group = averaging === 'cells' || reduction !== 'mean' ? undefined : averaging === 'samples' ? sample : c
    groups.set(group, [...(groups.get(group) ?? []), part])
  }
  const slopes = new Map<CellPart, number>()
  const means: number[] = []
  const divided = [...groups.values()].map((group) => ({ group, divisor: divisorOf(group, weightMode, reduction) }))
  const counted = divided.filter(({ divisor }) => divisor !== 0)
  for (const { group, divisor } of counted) {
    means.push(sum(group.map(({ weight, loss }) => weight * loss!)) / divisor)
    for (const part of group) slopes.set(part, part.weight / divisor / counted.length)
  }
  return {
    loss: means.length === 0 ? 0 : sum(means) / means.length,
    slopes: parts.map((part) => slopes.get(part) ?? 0),
  }
}

/** What the `Σ w·ℓ` of some cells is divided by; 0: they are nothing. */
function divisorOf(group: readonly CellPart[], weightMode: WeightMode, reduction: Reduction): number {
  if (reduction !== 'mean') return 1
  return weightMode === 'mean' ? sum(group.map(({ weight }) => weight)) : group.length
}
