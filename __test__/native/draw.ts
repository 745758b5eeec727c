/** Random criteria and data for the native engine, the same for the same seed. */
import type { Activation, CriterionSpec, LabelArray, RegionTerm, Term } from '../../src/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, type Data, region } from '../cases/build.ts'
import { random } from '../cases/data.ts'
import { drawPixelTerm } from './draw-pixels.ts'

/** A source of random choices. */
export class Draw {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = random(seed)
    // The first numbers of neighboring seeds are alike.
    for (let i = 0; i < 8; i++) this.#next()
  }

  /** In [0, 1). */
  unit(): number {
    return this.#next()
  }

  /** An integer in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1))
  }

  one<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#next() * choices.length)]!
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }
}

const CLASSES = [1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 64, 150] as const
/** Around whole blocks, tiles and chunks of the engine. */
const EDGES = [4095, 4096, 4097, 4112, 8191, 8192, 8195, 12_288, 16_385, 20_481] as const
/** Elements beyond which a case is made smaller: many small cases find more than a few large ones. */
const LARGEST = 300_000

/** What a case computes on; labels in the range that the criterion asks for. */
export interface DrawnCase {
  readonly spec: CriterionSpec
  readonly data: Data & { readonly prediction: Float32Array }
}

/** A random criterion with random data. */
export function drawCase(draw: Draw): DrawnCase {
  const classes = draw.one(CLASSES)
  let pixels = draw.chance(0.6) ? draw.between(1, 67) : draw.one(EDGES)
  const samples = draw.between(1, 4)
  if (samples * classes * pixels > LARGEST) pixels = Math.max(1, Math.floor(LARGEST / samples / classes))
  const perClass = draw.chance(0.35)
  const spec = drawSpec(draw, classes, perClass)
  const prediction = Float32Array.from({ length: samples * classes * pixels }, drawPrediction(draw, spec.activation))
  return {
    spec,
    data: {
      prediction,
      samples,
      pixels,
      perClass,
      target: perClass ? drawPlanes(draw, prediction.length) : drawLabels(draw, spec, samples * pixels),
      pixelWeights: maybe(draw, 0.4, () =>
        Float32Array.from({ length: samples * pixels }, () => (draw.chance(0.2) ? 0 : 3 * draw.unit())),
      ),
      gradientScale: draw.one([1, 1, -0.37, 1024]),
    },
  }
}

/** A random criterion, for labels or for per-class targets. */
export function drawSpec(draw: Draw, classes: number, perClass: boolean): CriterionSpec {
  const activation = draw.one<Activation>(classes === 1 ? ['sigmoid', 'none'] : ['softmax', 'sigmoid', 'none'])
  const withRegions = !perClass && activation !== 'softmax' && draw.chance(0.2)
  return criterion(classes, drawTerms(draw, classes, activation), {
    activation,
    ignoreIndex: perClass
      ? maybe(draw, 0.2, () => draw.between(0, classes - 1))
      : maybe(draw, 0.4, () => draw.one([0, 1, 200])),
    maskValue: classes === 1 && !perClass && !withRegions ? maybe(draw, 0.3, () => 100) : undefined,
    regions: withRegions ? Array.from({ length: classes }, (_, c) => [c + 1, classes + 1]) : undefined,
    checkValues: false,
  })
}

/** Labels in other arrays that can hold them. */
export function drawLabelArray(draw: Draw, labels: LabelArray): LabelArray {
  const numbers = Array.from(labels, Number)
  return draw.one<() => LabelArray>([
    () => Uint8Array.from(numbers),
    () => Uint8ClampedArray.from(numbers),
    ...(numbers.some((label) => label > 127) ? [] : [() => Int8Array.from(numbers)]),
    () => Uint16Array.from(numbers),
    () => Int16Array.from(numbers),
    () => Uint32Array.from(numbers),
    () => Int32Array.from(numbers),
    () => BigInt64Array.from(numbers, BigInt),
    () => BigUint64Array.from(numbers, BigInt),
    () => Float32Array.from(numbers),
    () => Float64Array.from(numbers),
  ])()
}

function maybe<T>(draw: Draw, probability: number, make: () => T): T | undefined {
  return draw.chance(probability) ? make() : undefined
}

function drawTerms(draw: Draw, classes: number, activation: Activation): Term[] {
  const entropy = activation === 'softmax' || (activation === 'none' && draw.chance(0.5)) ? drawCategorical : drawBinary
  const kind = draw.between(0, 15)
  if (kind < 6) return [drawRegion(draw, classes)]
  if (kind < 9) return [entropy(draw, classes)]
  if (kind < 13) return [drawPixelTerm(draw, classes, activation)]
  // Dice and another one or two: a reduction of none is for single terms.
  return [
    { ...drawRegion(draw, classes), weight: 0.7 },
    { ...(kind < 15 ? drawPixelTerm(draw, classes, activation) : entropy(draw, classes)), reduction: 'mean', weight: 1.3 },
    ...(kind < 14 ? [{ ...drawPixelTerm(draw, classes, activation), reduction: 'sum', weight: -0.1 } as const] : []),
  ]
}

function drawRegion(draw: Draw, classes: number): RegionTerm {
  const scorePer = draw.one(['sample-class', 'class', 'sample', 'batch'] as const)
  const inside = scorePer === 'sample' || scorePer === 'batch'
  const [smoothNumerator, smoothDenominator] = draw.one([[1e-5, 1e-5], [0, 0], [1, 2], [0, 1e-7]] as const)
  const counted = Array.from({ length: classes }, (_, c) => c).filter(() => draw.chance(0.8))
  const transform = draw.one(['one-minus', 'one-minus', 'negative-log', 'power'] as const)
  return region(classes, {
    scorePer,
    form: draw.one(['product', 'squared', 'absolute'] as const),
    transform,
    gamma: transform === 'power' ? draw.one([0.75, 1, 2]) : 1,
    scale: draw.one([1, 2] as const),
    alpha: draw.one([0.5, 1, 0.3]),
    beta: draw.one([0.5, 1, 0.7]),
    smoothNumerator,
    smoothDenominator,
    floor: draw.one([0, 0, 1e-7, 10]),
    classes: counted.length > 0 ? counted : [0],
    weightMode: inside ? 'inside' : draw.one(['mean', 'multiply'] as const),
    classWeights: maybe(draw, 0.4, () => drawWeights(draw, classes)),
    emptyClass: draw.one(['smooth', 'smooth', 'perfect', 'worst', 'skip', 'nan'] as const),
    reduction: draw.one(['mean', 'sum', 'none'] as const),
  })
}

function drawCategorical(draw: Draw, classes: number): Term {
  return crossEntropy({
    labelSmoothing: draw.one([0, 0, 0.1]),
    meanOver: draw.one(['weights', 'valid-pixels', 'pixels'] as const),
    reduction: draw.one(['mean', 'sum', 'none'] as const),
    classWeights: maybe(draw, 0.4, () => drawWeights(draw, classes)),
  })
}

function drawBinary(draw: Draw, classes: number): Term {
  return binaryCrossEntropy({
    labelSmoothing: draw.one([0, 0, 0.1]),
    meanOver: draw.one(['weights', 'valid-pixels', 'pixels'] as const),
    reduction: draw.one(['mean', 'sum', 'none'] as const),
    classWeights: maybe(draw, 0.4, () => drawWeights(draw, classes)),
    positiveWeights: maybe(draw, 0.4, () => drawWeights(draw, classes)),
  })
}

function drawWeights(draw: Draw, classes: number): number[] {
  return Array.from({ length: classes }, () => (draw.chance(0.1) ? 0 : 2 * draw.unit()))
}

/** Usual values; or also extreme ones; or a few that are not finite. */
function drawPrediction(draw: Draw, activation: Activation): () => number {
  const usual = activation === 'none' ? () => draw.unit() : () => 8 * draw.unit() - 4
  const rare = draw.one([
    [],
    [],
    activation === 'none' ? [0, 1, 1e-8, 1 - 2 ** -24, 1e-40] : [1e4, -1e4, 88.7, -87.4, -103.9, 0, 1e-40, 3e38],
    [NaN, Infinity, -Infinity],
  ])
  const share = draw.one([0.5, 0.01, 0.001])
  return () => (rare.length > 0 && draw.chance(share) ? draw.one(rare) : usual())
}

function drawPlanes(draw: Draw, length: number): Float32Array {
  const soft = draw.chance(0.5)
  return Float32Array.from({ length }, () => (soft ? draw.unit() : draw.between(0, 1)))
}

/** Runs of labels, as in an image; now and then a class is missing everywhere. */
function drawLabels(draw: Draw, { classes, maskValue, ignoreIndex, regions }: CriterionSpec, length: number): Uint8Array {
  const choices =
    regions === undefined
      ? maskValue === undefined
        ? Array.from({ length: Math.max(classes, 2) }, (_, label) => label).filter((label) => label < 2 || draw.chance(0.9))
        : [0, maskValue]
      : Array.from({ length: classes + 3 }, (_, label) => label)
  if (ignoreIndex !== undefined) choices.push(ignoreIndex)
  const labels = new Uint8Array(length)
  const longest = draw.one([1, 5, 700])
  for (let i = 0; i < length; ) {
    const end = i + draw.between(1, longest)
    labels.fill(draw.one(choices), i, end)
    i = end
  }
  return labels
}
