/** smp's focal loss of targets between 0 and 1, which no engine computes: its factor is made of the cross-entropy, not of p. */
import type { EngineCriterion, EvaluateCall, Reduction } from '../../engine.ts'

/** What an element's loss is made of. */
export interface SoftFocal {
  readonly alpha: number | undefined
  readonly gamma: number
  readonly reducedThreshold: number | undefined
  readonly normalized: boolean
  /** ε of the clip of probabilities; `undefined`: the prediction holds logits. */
  readonly clip: number | undefined
  readonly reduction: Reduction
  /** What each class's sum, or the mean over its elements, is multiplied by. */
  readonly factors: readonly number[]
}

/** Lower bound of the divisor of `normalized`. */
const SMALLEST_DIVISOR = 1e-6

/** An element: its loss and its factor f, and their slopes by what the prediction holds. */
interface Element {
  readonly loss: number
  readonly f: number
  readonly lossSlope: number
  readonly fSlope: number
}

/** `ℓ = (α·t + (1 − α)·(1 − t))·f·e` with `e = −t·log p − (1 − t)·log(1 − p)`, `f = (1 − exp(−e))^γ`. */
function elementOf({ alpha, gamma, reducedThreshold, clip }: SoftFocal, given: number, t: number): Element {
  const p = clip === undefined ? undefined : Math.min(Math.max(given, clip), 1 - clip)
  const z = p === undefined ? given : Math.log(p / (1 - p))
  const bySource = p === undefined ? 1 : p === given ? 1 / (p * (1 - p)) : 0
  const e = Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z)))
  const likelihood = Math.exp(-e)
  const miss = -Math.expm1(-e)
  const isConstant = reducedThreshold !== undefined && likelihood < reducedThreshold
  const f = isConstant ? 1 : (miss / (reducedThreshold ?? 1)) ** gamma
  const byEntropy = isConstant || miss === 0 ? 0 : (gamma * f * likelihood) / miss
  const a = alpha === undefined ? 1 : alpha * t + (1 - alpha) * (1 - t)
  const slope = bySource * (1 / (1 + Math.exp(-z)) - t)
  return { loss: a * f * e, f, lossSlope: a * (f + e * byEntropy) * slope, fSlope: byEntropy * slope }
}

/** The loss of each class, in float64 and one thread; planes with channels first. */
export function softFocal(options: SoftFocal): EngineCriterion {
  return {
    evaluate(call) {
      const { gradient, values } = call
      if (gradient !== undefined && !call.accumulate) gradient.fill(0)
      let [loss, nonFinite] = [0, 0]
      for (const [c, factor] of options.factors.entries()) {
        let [sum, divisor, count] = [0, 0, 0]
        forEachElement(call, options, c, ({ loss: own, f }, m, at) => {
          sum += m * own
          divisor += m * f
          count += 1
          if (!Number.isFinite(call.prediction[at])) nonFinite += 1
        })
        const bounded = options.normalized ? Math.max(divisor, SMALLEST_DIVISOR) : 1
        const scale = (options.reduction === 'mean' && count > 0 ? factor / count : factor) / bounded
        const byDivisor = options.normalized && divisor > SMALLEST_DIVISOR ? sum / bounded : 0
        loss += scale * sum
        forEachElement(call, options, c, (element, m, at) => {
          if (options.reduction === 'none') values[at] = scale * m * element.loss
          if (gradient === undefined) return
          gradient[at]! += call.gradientScale * scale * m * (element.lossSlope - byDivisor * element.fSlope)
        })
      }
      call.terms[0] = loss
      return { loss, nonFinite }
    },
  }
}

/** Visits the elements of a class whose pixels count. */
function forEachElement(
  { prediction, target, samples, pixels, pixelWeights }: EvaluateCall,
  options: SoftFocal,
  c: number,
  visit: (element: Element, m: number, at: number) => void,
): void {
  const classes = options.factors.length
  for (let pixel = 0; pixel < samples * pixels; pixel += 1) {
    const m = pixelWeights?.[pixel] ?? 1
    if (m === 0) continue
    const at = (Math.floor(pixel / pixels) * classes + c) * pixels + (pixel % pixels)
    visit(elementOf(options, prediction[at] as number, Number(target[at])), m, at)
  }
}
