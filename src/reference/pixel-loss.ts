import type { CriterionSpec, PixelTerm } from '../engine.ts'
import { sigmoid } from './activation.ts'
import { type Likelihood, likelihood, unlikelihood } from './likelihood.ts'
import { type LogLoss, logLossOf, modulation, share } from './log-loss.ts'
import type { PixelReader } from './pixel.ts'
import type { ElementFunction, PixelFormula } from './pixel-sum.ts'
import { sum } from './sum.ts'

/** What the element of a class is made of. */
interface Element {
  readonly g: number
  /** `t' = targetScale·t + targetOffset` */
  readonly t: number
  /** That the pixel is of the class, and that it is not. */
  readonly is: Likelihood
  readonly isNot: Likelihood
}

/** Focal, poly and generalized cross-entropy, categorical or one binary loss a class. */
export function pixelFormula(term: PixelTerm, { activation }: CriterionSpec): PixelFormula {
  const { form, classes, clip, meanOver, reduction } = term
  const positive = (c: number): number => term.positiveWeights?.[c] ?? 1
  const negative = (c: number): number => term.negativeWeights?.[c] ?? 1
  const elementOf = (pixel: PixelReader, c: number): Element => ({
    g: pixel.g[c]!,
    t: term.targetScale * pixel.g[c]! + term.targetOffset,
    is: likelihood(activation, pixel, c, clip),
    isNot: unlikelihood(activation, pixel, c, clip),
  })
  const whole = (c: number): LogLoss => logLossOf(term, c)
  const factor = (c: number): LogLoss => modulation(term.gammas[c]!, term.reducedThreshold)
  const one = (): number => 1
  const isMixed = term.softTarget !== 'linear' && (form === 'categorical' || term.function === 'focal')
  const of = (functionOf: (c: number) => LogLoss, a: ClassNumber, b: ClassNumber): ElementFunction =>
    isMixed ? blend(classes, functionOf, elementOf, a) : linear(form, functionOf, elementOf, a, b)
  const mixesBinary = isMixed && form === 'binary'
  const loss = mixesBinary ? mixed(term, elementOf, positive, negative) : of(whole, positive, negative)
  const modulated = mixesBinary ? mixedModulation(term, elementOf) : of(factor, one, one)
  return {
    form,
    classes,
    clip,
    meanOver,
    reduction,
    ...loss,
    weight: ({ g }, c) => positive(c) * g[c]! + (form === 'binary' ? negative(c) * (1 - g[c]!) : 0),
    normalizer: term.normalized ? modulated : undefined,
  }
}

type ClassNumber = (c: number) => number
type ElementOf = (pixel: PixelReader, c: number) => Element

/** `a·t'·φ(p)`, and for a binary loss `+ b·(1 − t')·φ(1 − p)`. */
function linear(
  form: PixelTerm['form'],
  functionOf: (c: number) => LogLoss,
  elementOf: ElementOf,
  positive: ClassNumber,
  negative: ClassNumber,
): ElementFunction {
  const binary = form === 'binary'
  return {
    of(pixel, c) {
      const { t, is, isNot } = elementOf(pixel, c)
      const own = share(positive(c) * t, functionOf(c).of(is))
      return binary ? own + share(negative(c) * (1 - t), functionOf(c).of(isNot)) : own
    },
    byLogit(pixel, c) {
      const { t, is, isNot } = elementOf(pixel, c)
      const own = positive(c) * t * functionOf(c).byLogit(is)
      return binary ? own - negative(c) * (1 - t) * functionOf(c).byLogit(isNot) : own
    },
  }
}

/** `a·g·φ(π)` with one likelihood for the whole pixel, `π = Σ_k t'_k·p_k`. */
function blend(
  classes: readonly number[],
  functionOf: (c: number) => LogLoss,
  elementOf: ElementOf,
  positive: ClassNumber,
): ElementFunction {
  const blended = (pixel: PixelReader): Likelihood => {
    const elements = classes.map((c) => elementOf(pixel, c)).filter(({ t }) => t !== 0)
    const p = sum(elements.map(({ t, is }) => t * is.p))
    // −log Σ t'·exp(−e), without the largest: behind a softmax p is 0 long before its logarithm is out of range.
    const least = Math.min(...elements.map(({ is }) => is.e))
    const rest = sum(elements.map(({ t, is }) => t * Math.exp(least - is.e)))
    return { p, q: 1 - p, e: least === Infinity ? least : least - Math.log(rest) }
  }
  return {
    of: (pixel, c) => share(positive(c) * elementOf(pixel, c).g, functionOf(c).of(blended(pixel))),
    byLogit(pixel, c) {
      const { t, is } = elementOf(pixel, c)
      const whole = blended(pixel)
      const spread = whole.p * whole.q
      // Where π is 0 or 1 for good, the pixel is of one class and π is its p.
      const quotient = spread === 0 ? 1 : (is.p * is.q) / spread
      const byLogits = classes.map((k) => positive(k) * elementOf(pixel, k).g * functionOf(k).byLogit(whole))
      return sum(byLogits) * t * quotient
    },
  }
}

/** `f(π)·(a·t' + b·(1 − t'))·BCE(p, t')`: the modulation f of one likelihood π for both outcomes. */
function mixed(term: PixelTerm, elementOf: ElementOf, positive: ClassNumber, negative: ClassNumber): ElementFunction {
  const factor = mixedModulation(term, elementOf)
  const weight = (t: number, c: number): number => positive(c) * t + negative(c) * (1 - t)
  const entropy = ({ t, is, isNot }: Element): number => share(t, is.e) + share(1 - t, isNot.e)
  return {
    of(pixel, c) {
      const element = elementOf(pixel, c)
      return weight(element.t, c) * factor.of(pixel, c) * entropy(element)
    },
    byLogit(pixel, c) {
      const element = elementOf(pixel, c)
      const { t, is, isNot } = element
      const entropyByLogit = (1 - t) * isNot.q - t * is.q
      const product = factor.byLogit(pixel, c) * entropy(element) + factor.of(pixel, c) * entropyByLogit
      return weight(t, c) * product
    },
  }
}

/** `f(π)`: `'mixed'` `π = p·t' + (1 − p)·(1 − t')`, `'signed'` `π = σ(z·(2t' − 1))`. */
function mixedModulation(term: PixelTerm, elementOf: ElementOf): ElementFunction {
  const factor = (c: number): LogLoss => modulation(term.gammas[c]!, term.reducedThreshold)
  return {
    of: (pixel, c) => factor(c).of(mixtureOf(term, elementOf(pixel, c)).mixture),
    byLogit(pixel, c) {
      const { mixture, slope } = mixtureOf(term, elementOf(pixel, c))
      return slope * factor(c).byLogit(mixture)
    },
  }
}

/** π, and the derivative of its logit by the logit of p: `(2t' − 1)·p(1 − p)/(π(1 − π))`, or `2t' − 1`. */
function mixtureOf(
  { softTarget }: PixelTerm,
  { t, is, isNot }: Element,
): { readonly mixture: Likelihood; readonly slope: number } {
  const sign = 2 * t - 1
  if (softTarget === 'signed') {
    const z = sign * (isNot.e - is.e)
    const p = sigmoid(z)
    return { mixture: { p, q: sigmoid(-z), e: -Math.log(p) }, slope: sign }
  }
  const p = is.p * t + is.q * (1 - t)
  const q = is.q * t + is.p * (1 - t)
  // Only a target of 0 or 1 lets π reach 0 or 1, and then the quotient is 1 all the way.
  const quotient = p * q === 0 ? 1 : (is.p * is.q) / (p * q)
  return { mixture: { p, q, e: -Math.log(p) }, slope: sign * quotient }
}
