import type { CellOptions, CriterionSpec, EvaluateCall, VolumeWeights } from '../engine.ts'
import { addByProbability } from './activation.ts'
import { type Cell, type CellPart, cellsOf, type Member, poolsSamples, reduceCells } from './cells.ts'
import type { Computation, TermResult } from './computation.ts'
import type { PixelReader } from './pixel.ts'
import { type BySums, type CellSums, NO_SUMS, QUANTITIES, type Quantity, type QuantityName } from './quantities.ts'
import { sum, Sums } from './sum.ts'
import { type ClassWeight, volumeWeight } from './volume-weights.ts'

/** The loss of a cell and its derivatives by the cell's sums. */
export interface CellValue {
  readonly loss: number
  readonly bySums: BySums
}

/** A loss per cell: sums in, value and derivatives by the sums out. What cells there are, and how they become one, is not its matter. */
export interface CellFormula {
  /** The sums that it is made of. */
  readonly quantities: readonly QuantityName[]
  /** @param c - The class; `undefined` where the classes are pooled. */
  evaluate(sums: CellSums, c: number | undefined): CellValue
  /** The loss of the best score (1) or of the worst (0), which a cell without reference may count as. */
  lossOfScore(score: 0 | 1, c: number | undefined): number
}

/** What some of these losses have beside their cells. */
export interface CellExtras {
  /** ε of `g' = g + ε·(1 − g)`. */
  readonly targetFloor: number
  readonly volumeWeights: VolumeWeights | undefined
  /** From the reduced value to the loss. */
  outer(value: number): { readonly value: number; readonly slope: number }
}

/** One quantity of every class of every sample, at `sample · C + class`. */
interface Account {
  readonly name: QuantityName
  readonly quantity: Quantity
  readonly sums: Sums
  /** `∂loss/∂sum` */
  readonly slopes: Float64Array
}

const NO_EXTRAS: CellExtras = {
  targetFloor: 0,
  volumeWeights: undefined,
  outer: (value) => ({ value, slope: 1 }),
}

/** Any loss made of scores per cell. */
export class CellLoss implements Computation {
  readonly #formula: CellFormula
  readonly #options: CellOptions
  readonly #extras: CellExtras
  readonly #spec: CriterionSpec
  readonly #samples: number
  readonly #accounts: readonly Account[]
  /** `Σ m·g`, whatever the target's floor: what weights and emptiness go by. */
  readonly #reference: Sums
  readonly #d: Float64Array

  constructor(
    formula: CellFormula,
    options: CellOptions,
    spec: CriterionSpec,
    call: EvaluateCall,
    extras: CellExtras = NO_EXTRAS,
  ) {
    const length = call.samples * spec.classes
    this.#formula = formula
    this.#options = options
    this.#extras = extras
    this.#spec = spec
    this.#samples = call.samples
    this.#accounts = formula.quantities.map((name) => ({
      name,
      quantity: QUANTITIES[name],
      sums: new Sums(length),
      slopes: new Float64Array(length),
    }))
    this.#reference = new Sums(length)
    this.#d = new Float64Array(spec.classes)
  }

  observe({ sample, p, g, m }: PixelReader): void {
    const accounts = this.#accounts
    const reference = this.#reference
    const { targetFloor } = this.#extras
    const first = this.#index(sample, 0)
    for (const c of this.#options.classes) {
      const target = floored(g[c]!, targetFloor)
      for (const { quantity, sums } of accounts) sums.add(first + c, m * quantity.of(p[c]!, target))
      reference.add(first + c, m * g[c]!)
    }
  }

  finish(): TermResult {
    const { averaging, weightMode, reduction } = this.#options
    const inside = weightMode === 'inside'
    const weightOf = this.#classWeight()
    const memberWeight = ({ sample, class: c }: Member): number => (inside ? weightOf(sample, c) : 1)

    const evaluated = cellsOf(this.#options, this.#samples).map((cell) => {
      const weight = inside || cell.class === undefined ? 1 : weightOf(cell.sample, cell.class)
      const value = this.#evaluate(cell, memberWeight)
      return { cell, weight, loss: value?.loss, bySums: value?.bySums }
    })
    const reduced = reduceCells(evaluated, averaging, weightMode, reduction)
    const outer = this.#extras.outer(reduced.loss)
    evaluated.forEach(({ cell, bySums }, i) => {
      const factor = outer.slope * reduced.slopes[i]!
      if (bySums !== undefined && factor !== 0) this.#setSlopes(cell, memberWeight, factor, bySums)
    })
    return { loss: outer.value, values: Float64Array.from(evaluated, valueOf) }
  }

  addSlope(pixel: PixelReader, factor: number, slope: Float64Array): void {
    const { sample, p, g, m } = pixel
    const accounts = this.#accounts
    const { targetFloor } = this.#extras
    const d = this.#d.fill(0)
    const first = this.#index(sample, 0)
    for (const c of this.#options.classes) {
      const target = floored(g[c]!, targetFloor)
      let byProbability = 0
      for (const { quantity, slopes } of accounts) byProbability += slopes[first + c]! * quantity.slope(p[c]!, target)
      d[c] = m * byProbability
    }
    addByProbability(this.#spec.activation, pixel, d, factor, slope)
  }

  #index(sample: number, c: number): number {
    return sample * this.#spec.classes + c
  }

  /** Loss and derivatives of a cell; one without reference goes by `emptyClass`. */
  #evaluate(cell: Cell, memberWeight: (member: Member) => number): CellValue | undefined {
    const isEmpty = this.#volume(cell.members) === 0
    const constant = (loss: number): CellValue => ({ loss, bySums: {} })
    switch (isEmpty ? this.#options.emptyClass : 'smooth') {
      case 'smooth':
        return this.#formula.evaluate(this.#pooled(cell, memberWeight), cell.class)
      case 'perfect':
        return constant(this.#formula.lossOfScore(1, cell.class))
      case 'worst':
        return constant(this.#formula.lossOfScore(0, cell.class))
      case 'skip':
        return undefined
      case 'nan':
        return { loss: NaN, bySums: Object.fromEntries(this.#formula.quantities.map((name) => [name, NaN])) }
    }
  }

  /** G of some members. */
  #volume(members: readonly Member[]): number {
    return sum(members.map((member) => this.#reference.total(this.#index(member.sample, member.class))))
  }

  #pooled({ members }: Cell, memberWeight: (member: Member) => number): CellSums {
    const pooled = { ...NO_SUMS }
    for (const { name, sums } of this.#accounts) {
      pooled[name] = sum(
        members.map((member) => memberWeight(member) * sums.total(this.#index(member.sample, member.class))),
      )
    }
    return pooled
  }

  #setSlopes({ members }: Cell, memberWeight: (member: Member) => number, factor: number, bySums: BySums): void {
    for (const { name, slopes } of this.#accounts) {
      const bySum = bySums[name] ?? 0
      for (const member of members) {
        slopes[this.#index(member.sample, member.class)] = factor * memberWeight(member) * bySum
      }
    }
  }

  /** Class weights and volume weights together. */
  #classWeight(): ClassWeight {
    const { classes, classWeights, scorePer } = this.#options
    const { volumeWeights } = this.#extras
    const given = (c: number): number => classWeights?.[c] ?? 1
    if (volumeWeights === undefined) return (_sample, c) => given(c)
    const samples = Array.from({ length: this.#samples }, (_, n) => n)
    const volume: ClassWeight = (sample, c) =>
      this.#volume((sample === undefined ? samples : [sample]).map((n) => ({ sample: n, class: c })))
    const weightOf = volumeWeight(volumeWeights, volume, classes)
    const pools = poolsSamples(scorePer) || volumeWeights.volumes === 'batch'
    return (sample, c) => given(c) * weightOf(pools ? undefined : sample, c)
  }
}

/** `g' = g + ε·(1 − g)` */
function floored(g: number, epsilon: number): number {
  return g + epsilon * (1 - g)
}

/** `w·ℓ`; NaN where the cell is left out. */
function valueOf({ weight, loss }: CellPart): number {
  return loss === undefined ? NaN : weight * loss
}
