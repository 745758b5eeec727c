/**
 * The engine in plain TypeScript: float64, one loop after another, written to be read. It says what maskloss computes; the native
 * engine is tested against it and has the same shape: check, first pass (every loss sees every pixel), losses, second pass
 * (gradient). It runs wherever JavaScript runs.
 */
import type {
  CriterionSpec,
  Engine,
  EngineCriterion,
  EngineRuntime,
  EngineSource,
  EvaluateCall,
  Fault,
  FloatArray,
  Outcome,
} from '../engine.ts'
import { NUMERICS, VERSION } from '../version.ts'
import { findFault } from './check.ts'
import type { Computation } from './computation.ts'
import { count, labels } from './count.ts'
import { PixelReader } from './pixel.ts'
import { sum } from './sum.ts'
import { computationOf } from './terms.ts'

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
export const reference: EngineSource = { engine: () => ENGINE }

function evaluate(spec: CriterionSpec, call: EvaluateCall): Outcome | Fault {
  const fault = findFault(spec, call)
  if (fault !== undefined) return fault

  const terms = spec.terms.map((term) => computationOf(term, spec, call))
  const reader = new PixelReader(spec, call)
  let valid = 0
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      if (!reader.seek(sample, pixel)) continue
      reader.read()
      valid++
      for (const term of terms) term.observe(reader)
    }
  }

  const results = terms.map((term) => term.finish({ all: call.samples * call.pixels, valid }))
  call.terms.set(results.map(({ loss }) => loss))
  call.values.set(results[0]!.values)
  if (call.gradient !== undefined) writeGradient(spec, call, call.gradient, terms)
  return {
    loss: sum(results.map(({ loss }, i) => spec.terms[i]!.weight * loss)),
    nonFinite: reader.nonFinite,
  }
}

/** The second pass: `gradient = (accumulate ? gradient : 0) + gradientScale · ∂loss/∂prediction`. */
function writeGradient(
  spec: CriterionSpec,
  call: EvaluateCall,
  gradient: FloatArray,
  terms: readonly Computation[],
): void {
  const reader = new PixelReader(spec, call)
  const parts = terms
    .map((term, i) => ({ term, weight: spec.terms[i]!.weight }))
    .filter(({ weight }) => call.gradientScale * weight !== 0)
  const slope = new Float64Array(spec.classes)
  for (let sample = 0; sample < call.samples; sample++) {
    for (let pixel = 0; pixel < call.pixels; pixel++) {
      const counts = reader.seek(sample, pixel)
      slope.fill(0)
      if (counts) {
        reader.read()
        for (const { term, weight } of parts) term.addSlope(reader, weight, slope)
      }
      for (let c = 0; c < spec.classes; c++) {
        const index = reader.indexOf(c)
        const before = call.accumulate ? gradient[index]! : 0
        gradient[index] = counts ? before + call.gradientScale * slope[c]! : before
      }
    }
  }
}
