/**
 * The engine in plain TypeScript: float64, one loop after another, written to be read. It says what maskloss computes; the native
 * engine is tested against it and has the same shape: check, statistics, losses (statistics in, value and coefficients out),
 * gradient. It runs wherever JavaScript runs.
 */
import type {
  CriterionSpec,
  Engine,
  EngineCriterion,
  EngineRuntime,
  EvaluateCall,
  Fault,
  Outcome,
  Term,
} from '../engine.ts'
import { NUMERICS, VERSION } from '../version.ts'
import { binaryCrossEntropyLoss, elementBinaryCrossEntropy } from './binary-cross-entropy.ts'
import { findFault } from './check.ts'
import { count, labels } from './count.ts'
import { crossEntropyLoss, pixelCrossEntropy } from './cross-entropy.ts'
import { type Coefficients, writeGradient } from './gradient.ts'
import { PixelReader } from './pixel.ts'
import { noSlopes, regionLoss, type Slopes } from './region.ts'
import { type Statistics, statisticsOf } from './statistics.ts'
import { sum } from './sum.ts'

/** What one term of a criterion came to. */
interface TermResult {
  readonly loss: number
  readonly values: Float64Array
  readonly slopes?: Slopes
  readonly scale?: number
}

const RUNTIME: EngineRuntime = {
  backend: 'reference',
  simd: 'none',
  threads: 1,
  version: VERSION,
  numerics: `reference/${NUMERICS}`,
}

const ENGINE: Engine = {
  runtime: () => RUNTIME,
  compile: (spec): EngineCriterion => ({ evaluate: (call) => evaluate(spec, call) }),
  count,
  labels,
}

/** Where the face finds the plain TypeScript engine. */
export const reference: { engine(): Engine } = { engine: () => ENGINE }

function evaluate(spec: CriterionSpec, call: EvaluateCall): Outcome | Fault {
  const fault = findFault(spec, call)
  if (fault !== undefined) return fault

  const statistics = statisticsOf(spec, call)
  const results = spec.terms.map((term, i) => termResult(term, i, statistics))
  call.terms.set(results.map(({ loss }) => loss))
  writeValues(spec, call, results[0]!)
  if (call.gradient !== undefined) writeGradient(spec, call, call.gradient, coefficientsOf(spec, call, results))
  return {
    loss: sum(results.map(({ loss }, i) => spec.terms[i]!.weight * loss)),
    nonFinite: statistics.nonFinite,
  }
}

function termResult(term: Term, i: number, statistics: Statistics): TermResult {
  switch (term.kind) {
    case 'region':
      return regionLoss(term, statistics.region)
    case 'cross-entropy':
      return crossEntropyLoss(term, statistics.crossEntropy[i]!, statistics.pixels)
    case 'binary-cross-entropy':
      return binaryCrossEntropyLoss(term, statistics.binaryCrossEntropy[i]!, statistics.pixels)
    default:
      throw new Error(`the plain TypeScript engine has no ${term.kind} yet`)
  }
}

/** The values of the first term: per cell or class, and per pixel or element for a cross-entropy that is not reduced. */
function writeValues(spec: CriterionSpec, call: EvaluateCall, result: TermResult): void {
  const term = spec.terms[0]!
  if ((term.kind !== 'cross-entropy' && term.kind !== 'binary-cross-entropy') || term.reduction !== 'none') {
    call.values.set(result.values)
    return
  }
  const reader = new PixelReader(spec, call)
  call.values.fill(0)
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      if (!reader.counts(sample, pixel)) continue
      reader.read(sample, pixel)
      if (term.kind === 'cross-entropy') {
        call.values[sample * call.pixels + pixel] = reader.m * pixelCrossEntropy(spec.activation, term, reader)
        continue
      }
      const offset = reader.offset(sample, pixel)
      for (let c = 0; c < spec.classes; c++) {
        const value = reader.m * elementBinaryCrossEntropy(spec.activation, term, reader, c)
        call.values[offset + c * reader.strides.class] = value
      }
    }
  }
}

/** The terms' derivatives, each times its weight in the criterion. */
function coefficientsOf(spec: CriterionSpec, call: EvaluateCall, results: readonly TermResult[]): Coefficients {
  const slopes = noSlopes(call.samples * spec.classes)
  results.forEach((result, i) => {
    const { weight } = spec.terms[i]!
    if (result.slopes === undefined) return
    for (const name of ['A', 'B', 'C', 'S'] as const) {
      result.slopes[name].forEach((slope, cell) => (slopes[name][cell]! += weight * slope))
    }
  })
  return { slopes, scales: results.map(({ scale }, i) => (scale ?? 0) * spec.terms[i]!.weight) }
}
