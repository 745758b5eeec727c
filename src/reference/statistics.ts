import type { CriterionSpec, EvaluateCall, Term } from '../engine.ts'
import { binaryCrossEntropyOf, type BinaryCrossEntropyStatistics } from './binary-cross-entropy.ts'
import { crossEntropyOf, type CrossEntropyStatistics } from './cross-entropy.ts'
import { PixelReader } from './pixel.ts'
import { Sums } from './sum.ts'

/** Sums over the pixels of each (sample, class), at `sample · C + class`. */
export interface RegionStatistics {
  readonly samples: number
  readonly classes: number
  /** `I = Σ m·p·g` */
  readonly intersection: Float64Array
  /** `P = Σ m·p` */
  readonly predicted: Float64Array
  /** `G = Σ m·g` */
  readonly target: Float64Array
  /** `P₂ = Σ m·p²` */
  readonly predictedSquares: Float64Array
  /** `G₂ = Σ m·g²` */
  readonly targetSquares: Float64Array
  /** `D = Σ m·|p − g|` */
  readonly difference: Float64Array
}

/** How many pixels there are, and how many count. */
export interface PixelCounts {
  /** Samples times pixels of a plane. */
  readonly all: number
  /** Those that are not ignored and have a weight. */
  readonly valid: number
}

/** All that the losses need to know of the data: the first pass. */
export interface Statistics {
  readonly region: RegionStatistics
  /** Per term of the criterion, where it is a categorical cross-entropy. */
  readonly crossEntropy: readonly (CrossEntropyStatistics | undefined)[]
  /** Per term of the criterion, where it is a binary cross-entropy. */
  readonly binaryCrossEntropy: readonly (BinaryCrossEntropyStatistics | undefined)[]
  readonly pixels: PixelCounts
  /** Values of the prediction that count and are NaN or infinite. */
  readonly nonFinite: number
}

/** Something that looks at each pixel that counts, and sums. */
interface Observer<Result> {
  observe(pixel: PixelReader): void
  result(): Result
}

/** Reads the data once. */
export function statisticsOf(spec: CriterionSpec, call: EvaluateCall): Statistics {
  const reader = new PixelReader(spec, call)
  const region = new RegionObserver(spec, call)
  const usesRegion = spec.terms.some((term) => term.kind === 'region')
  const crossEntropy = spec.terms.map((term) => crossEntropyObserver(spec, term))
  const binary = spec.terms.map((term) => binaryObserver(spec, term))
  const entropies = [...crossEntropy, ...binary].filter((observer) => observer !== undefined)
  let valid = 0
  for (let sample = 0; sample < call.samples; sample++) {
    region.sample = sample
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      if (!reader.counts(sample, pixel)) continue
      reader.read(sample, pixel)
      valid++
      if (usesRegion) region.observe(reader)
      for (const observer of entropies) observer.observe(reader)
    }
  }
  return {
    region: region.result(),
    crossEntropy: crossEntropy.map((observer) => observer?.result()),
    binaryCrossEntropy: binary.map((observer) => observer?.result()),
    pixels: { all: call.samples * call.pixels, valid },
    nonFinite: reader.nonFinite,
  }
}

/** The six sums of the region family; squares and differences only where a term asks for them. */
class RegionObserver implements Observer<RegionStatistics> {
  sample = 0
  readonly #samples: number
  readonly #classes: number
  readonly #squared: boolean
  readonly #absolute: boolean
  readonly #sums: readonly Sums[]

  constructor(spec: CriterionSpec, call: EvaluateCall) {
    const uses = (form: string): boolean => spec.terms.some((term) => term.kind === 'region' && term.form === form)
    this.#samples = call.samples
    this.#classes = spec.classes
    this.#squared = uses('squared')
    this.#absolute = uses('absolute')
    this.#sums = Array.from({ length: 6 }, () => new Sums(call.samples * spec.classes))
  }

  observe({ p, g, m }: PixelReader): void {
    const [intersection, predicted, target, predictedSquares, targetSquares, difference] = this.#sums
    for (let c = 0; c < this.#classes; c++) {
      const cell = this.sample * this.#classes + c
      const pc = p[c]!
      const gc = g[c]!
      intersection!.add(cell, m * pc * gc)
      predicted!.add(cell, m * pc)
      target!.add(cell, m * gc)
      if (this.#squared) {
        predictedSquares!.add(cell, m * pc * pc)
        targetSquares!.add(cell, m * gc * gc)
      }
      if (this.#absolute) difference!.add(cell, m * Math.abs(pc - gc))
    }
  }

  result(): RegionStatistics {
    const length = this.#samples * this.#classes
    const [intersection, predicted, target, predictedSquares, targetSquares, difference] = this.#sums.map((sums) =>
      totals(sums, length),
    )
    return {
      samples: this.#samples,
      classes: this.#classes,
      intersection: intersection!,
      predicted: predicted!,
      target: target!,
      predictedSquares: predictedSquares!,
      targetSquares: targetSquares!,
      difference: difference!,
    }
  }
}

/** `−log p` and the target, summed as a categorical cross-entropy needs them. */
function crossEntropyObserver(spec: CriterionSpec, term: Term): Observer<CrossEntropyStatistics> | undefined {
  if (term.kind !== 'cross-entropy') return undefined
  const C = spec.classes
  const [entropy, uniform, target] = [new Sums(C), new Sums(C), new Sums(C)]
  return {
    observe(pixel) {
      for (let c = 0; c < C; c++) {
        const e = crossEntropyOf(spec.activation, term, pixel, c)
        entropy.add(c, pixel.m * pixel.g[c]! * e)
        uniform.add(c, pixel.m * e)
        target.add(c, pixel.m * pixel.g[c]!)
      }
    },
    result: () => ({ entropy: totals(entropy, C), uniform: totals(uniform, C), target: totals(target, C) }),
  }
}

/** `−log p`, `−log(1 − p)` and the target, summed as a binary cross-entropy needs them. */
function binaryObserver(spec: CriterionSpec, term: Term): Observer<BinaryCrossEntropyStatistics> | undefined {
  if (term.kind !== 'binary-cross-entropy') return undefined
  const C = spec.classes
  const sums = Array.from({ length: 5 }, () => new Sums(C))
  const [positive, positiveAll, negative, negativeAll, weight] = sums
  return {
    observe(pixel) {
      for (let c = 0; c < C; c++) {
        const [e, f] = binaryCrossEntropyOf(spec.activation, term, pixel, c)
        positive!.add(c, pixel.m * pixel.g[c]! * e)
        positiveAll!.add(c, pixel.m * e)
        negative!.add(c, pixel.m * (1 - pixel.g[c]!) * f)
        negativeAll!.add(c, pixel.m * f)
        weight!.add(c, pixel.m)
      }
    },
    result: () => ({
      positive: totals(positive!, C),
      positiveAll: totals(positiveAll!, C),
      negative: totals(negative!, C),
      negativeAll: totals(negativeAll!, C),
      weight: totals(weight!, C),
    }),
  }
}

function totals(sums: Sums, length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => sums.total(i))
}
