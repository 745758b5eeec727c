/**
 * Same inputs, same bits: whatever the SIMD level, the number of threads, the layout, the dtype of the labels, the offset of the
 * arrays, and however the samples are split over calls. Every comparison is of bytes: loss, terms, values, gradient.
 */
import type { CriterionSpec, LabelArray } from '../src/engine.ts'
import type { Data } from './cases/build.ts'
import { toLast } from './cases/data.ts'
import { Draw, drawCase, type DrawnCase, drawLabelArray } from './native/draw.ts'
import { binding } from './native/binding.ts'
import { nativeTest } from './native/engine.ts'
import { type Bits, evaluateBits, type Run, sameBytes } from './native/run.ts'

/** Another set of cases: MASKLOSS_SEED=7 npm test -- __test__/native-identity.spec.ts */
const SEED = Number(process.env['MASKLOSS_SEED'] ?? 1)
const CASES = 320
const LEAST = 2000

interface Counter {
  compared: number
}

nativeTest(`bit identity of ${CASES} random cases`, (t) => {
  t.timeout(180_000)
  const count: Record<string, Counter> = {}
  for (let i = 0; i < CASES; i++) {
    const seed = SEED * 1_000_003 + i
    for (const [way, difference] of differences(seed)) {
      const counter = (count[way] ??= { compared: 0 })
      counter.compared++
      if (difference !== undefined) t.fail(`seed ${seed}, ${way}: ${difference}`)
    }
  }
  const total = Object.values(count).reduce((sum, { compared }) => sum + compared, 0)
  t.log(
    `${total} comparisons: ${Object.entries(count)
      .map(([way, { compared }]) => `${compared} ${way}`)
      .join(', ')}`,
  )
  t.true(total >= LEAST)
})

/** Every way of computing a case, and what differs from the plainest one: nothing, it is hoped. */
function* differences(seed: number): Generator<[way: string, difference: string | undefined]> {
  const draw = new Draw(seed)
  const { spec, data } = drawCase(draw)
  const levels = binding().simdLevels()
  const plain: Run = { simd: levels.at(-1)!, threads: 1 }
  const anyRun = (): Run => ({ simd: draw.one(levels), threads: draw.between(1, 8) })
  const told = (run: Run): string => `${JSON.stringify(run)} ${describe({ spec, data })}`
  const wanted = evaluateBits(plain, spec, data)

  for (const simd of levels.slice(0, -1)) {
    const run = { simd, threads: draw.between(1, 8) }
    yield ['at another level', problem(evaluateBits(run, spec, data), wanted, told(run))]
  }
  const threads = { simd: levels[0]!, threads: draw.between(2, 8) }
  yield ['with threads', problem(evaluateBits(threads, spec, data), wanted, told(threads))]

  const run = anyRun()
  const last = evaluateBits(run, spec, channelsLast(spec, data))
  yield ['channels last', problem(last, transposed(spec, data, wanted), told(run))]

  const moved = offset(draw, data)
  yield ['at an offset', problem(evaluateBits(run, spec, moved), wanted, told(run))]

  const cast = {
    ...data,
    target: data.perClass === true ? planesOf(draw, data.target) : drawLabelArray(draw, data.target),
  }
  yield [
    `as another dtype`,
    problem(evaluateBits(run, spec, cast), wanted, `${cast.target.constructor.name} ${told(run)}`),
  ]

  const split = splitSamples(draw, spec, data, anyRun)
  if (split !== undefined) yield ['split over calls', splitProblem(spec, split, wanted, told(plain))]
}

function problem(actual: Bits, wanted: Bits, told: string): string | undefined {
  for (const part of ['report', 'values', 'gradient'] as const) {
    if (sameBytes(actual[part], wanted[part])) continue
    const at = wanted[part].findIndex((value, i) => !Object.is(value, actual[part][i]))
    if (at >= 0) return `${part}: ${actual[part][at]} instead of ${wanted[part][at]} at ${at}; ${told}`
    // Sums have one NaN. That of a single pixel is the processor's: which bits it has is not part of the number.
    if (part === 'report') return `${part}: other bits of a NaN; ${told}`
  }
  return undefined
}

function describe({ spec, data: { samples, pixels, perClass, pixelWeights } }: DrawnCase): string {
  return JSON.stringify({ samples, pixels, perClass, weighted: pixelWeights !== undefined, spec })
}

function lay<A extends LabelArray>(spec: CriterionSpec, { samples, pixels }: Data, planes: A): A {
  return toLast(planes as Float32Array, samples, spec.classes, pixels) as LabelArray as A
}

function channelsLast(spec: CriterionSpec, data: Data): Data {
  const target = data.perClass === true ? lay(spec, data, data.target) : data.target
  return { ...data, channelsLast: true, prediction: lay(spec, data, data.prediction), target }
}

/** What must come out channels last: the gradient, and values that are one per element, transposed. */
function transposed(spec: CriterionSpec, data: Data, { report, values, gradient }: Bits): Bits {
  const term = spec.terms[0]!
  const binary = term.kind === 'binary-cross-entropy' || (term.kind === 'pixel' && term.form === 'binary')
  const perElement = binary && term.reduction === 'none'
  return {
    report,
    values: perElement ? lay(spec, data, values) : values,
    gradient: lay(spec, data, gradient),
  }
}

/** The same numbers somewhere inside a larger buffer. */
function offset(draw: Draw, data: Data): Data {
  const inside = <A extends LabelArray>(array: A): A => {
    const Class = array.constructor as new (length: number) => A
    const memory = new Class(array.length + 40)
    const at = draw.between(1, 33)
    memory.set(array as never, at)
    return memory.subarray(at, at + array.length) as A
  }
  return {
    ...data,
    prediction: inside(data.prediction),
    target: inside(data.target),
    pixelWeights: data.pixelWeights === undefined ? undefined : inside(data.pixelWeights),
  }
}

function planesOf(draw: Draw, planes: LabelArray): LabelArray {
  const numbers = Array.from(planes, Number)
  if (numbers.every((value) => value === 0 || value === 1) && draw.chance(0.6)) return Uint8Array.from(numbers)
  return Float64Array.from(numbers)
}

/** The batch in random groups of whole samples, each evaluated by a call of its own. */
function splitSamples(draw: Draw, spec: CriterionSpec, data: Data, anyRun: () => Run): Bits[] | undefined {
  if (data.samples === 1 || !isSplittable(spec)) return undefined
  const parts: Bits[] = []
  for (let from = 0; from < data.samples;) {
    const to = draw.between(from + 1, data.samples)
    const ofPixels = [from * data.pixels, to * data.pixels] as const
    const ofElements = [ofPixels[0] * spec.classes, ofPixels[1] * spec.classes] as const
    parts.push(
      evaluateBits(anyRun(), spec, {
        ...data,
        samples: to - from,
        prediction: data.prediction.subarray(...ofElements),
        target: data.target.subarray(...(data.perClass === true ? ofElements : ofPixels)),
        pixelWeights: data.pixelWeights?.subarray(...ofPixels),
      }),
    )
    from = to
  }
  return parts
}

/** Losses whose values and slopes are those of the samples: nothing is pooled over the batch, nor divided by what is. */
function isSplittable({ terms }: CriterionSpec): boolean {
  return terms.every((term) => {
    if (term.reduction === 'mean') return false
    if (term.kind === 'cross-entropy') return term.topPercent === undefined
    if (term.kind === 'pixel') return !term.normalized
    return !('scorePer' in term) || term.scorePer === 'sample-class' || term.scorePer === 'sample'
  })
}

function splitProblem(spec: CriterionSpec, parts: readonly Bits[], wanted: Bits, told: string): string | undefined {
  const nonFinite = parts.reduce((sum, { report }) => sum + report[1]!, 0)
  if (nonFinite !== wanted.report[1]) return `${nonFinite} instead of ${wanted.report[1]} non-finite values; ${told}`
  // The values of a cross-entropy that is summed are those of the whole batch.
  const perSample = 'scorePer' in spec.terms[0]! || spec.terms[0]!.reduction === 'none'
  const values = perSample ? Float64Array.from(parts.flatMap((part) => [...part.values])) : wanted.values
  const gradient = new Float32Array(wanted.gradient.length)
  let at = 0
  for (const part of parts) {
    gradient.set(part.gradient, at)
    at += part.gradient.length
  }
  return problem({ report: wanted.report, values, gradient }, wanted, told)
}
