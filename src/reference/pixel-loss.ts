import type { CriterionSpec, PixelTerm } from '../engine.ts'
import { sigmoid } from './activation.ts'
import { type Likelihood, likelihood, unlikelihood } from './likelihood.ts'
import { type LogLoss, logLossOf, modulation } from './log-loss.ts'
import type { PixelReader } from './pixel.ts'
import type { ElementFunction, PixelFormula } from './pixel-sum.ts'

/** What the element of a class is made of. */
interface Element {
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
    t: term.targetScale * pixel.g[c]! + term.targetOffset,
    is: likelihood(activation, pixel, c, clip),
    isNot: unlikelihood(activation, pixel, c, clip),
  })
  const mixes = form === 'binary' && term.function === 'focal' && term.softTarget !== 'linear'
  const whole = (c: number): LogLoss => logLossOf(term, c)
  const factor = (c: number): LogLoss => modulation(term.gammas[c]!, term.reducedThreshold)
  const loss = mixes ? mixed(term, elementOf, positive, negative) : linear(form, whole, elementOf, positive, negative)
  const one = (): number => 1
  const modulated = mixes ? mixedModulation(term, elementOf) : linear(form, factor, elementOf, one, one)
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
      const own = positive(c) * t * functionOf(c).of(is)
      return binary ? own + negative(c) * (1 - t) * functionOf(c).of(isNot) : own
    },
    byLogit(pixel, c) {
      const { t, is, isNot } = elementOf(pixel, c)
      const own = positive(c) * t * functionOf(c).byLogit(is)
      return binary ? own - negative(c) * (1 - t) * functionOf(c).byLogit(isNot) : own
    },
  }
}

/** `f(π)·(a·t' + b·(1 − t'))·BCE(p, t')`: the modulation f of one likelihood π for both outcomes. */
function mixed(term: PixelTerm, elementOf: ElementOf, positive: ClassNumber, negative: ClassNumber): ElementFunction {
  const factor = mixedModulation(term, elementOf)
  const weight = (t: number, c: number): number => positive(c) * t + negative(c) * (1 - t)
  const entropy = ({ t, is, isNot }: Element): number => t * is.e + (1 - t) * isNot.e
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
