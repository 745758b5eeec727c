import type { PixelTerm } from '../engine.ts'
import type { Likelihood } from './likelihood.ts'

/** A function φ of a likelihood, and its derivative by the likelihood's logit, `p·(1 − p)·φ'(p)`, which has no poles. */
export interface LogLoss {
  of(likelihood: Likelihood): number
  byLogit(likelihood: Likelihood): number
}

/** `a·φ` of a part that weighs a, which is 0 where a is, also of a probability of 0, whose φ is infinite. NaN stays NaN. */
export function share(a: number, loss: number): number {
  return a === 0 && loss === Infinity ? 0 : a * loss
}

/** `−log p` */
export const LOGARITHM: LogLoss = { of: ({ e }) => e, byLogit: ({ q }) => -q }

/** `−log p + ε·(1 − p)` */
export function poly(epsilon: number): LogLoss {
  return { of: ({ q, e }) => e + epsilon * q, byLogit: ({ p, q }) => -q * (1 + epsilon * p) }
}

/** `(1 − p^γ)/γ` */
export function generalized(gamma: number): LogLoss {
  return { of: ({ e }) => -Math.expm1(-gamma * e) / gamma, byLogit: ({ q, e }) => -q * Math.exp(-gamma * e) }
}

/** `f(p)·(−log p)`, f the modulation. */
export function focal(modulation: LogLoss): LogLoss {
  return {
    of: (likelihood) => modulation.of(likelihood) * likelihood.e,
    // p·log p is 0 at p = 0.
    byLogit: (likelihood) =>
      share(modulation.byLogit(likelihood), likelihood.e) - modulation.of(likelihood) * likelihood.q,
  }
}

/** `(1 − p)^γ`; with a threshold 1 below it and `((1 − p)/threshold)^γ` from there on. For γ = 0 it is 1, at p = 1 too. */
export function modulation(gamma: number, threshold: number | undefined): LogLoss {
  const isConstant = (p: number): boolean => threshold !== undefined && p < threshold
  const of = ({ p, q }: Likelihood): number => (isConstant(p) ? 1 : (q / (threshold ?? 1)) ** gamma)
  return {
    of,
    // p·(1 − p)·(−γ)·(1 − p)^(γ − 1): the pole of γ < 1 at p = 1 is gone.
    byLogit: (likelihood) => (isConstant(likelihood.p) ? 0 : -gamma * likelihood.p * of(likelihood)),
  }
}

/** The function of a pixel term for a class. */
export function logLossOf(term: PixelTerm, c: number): LogLoss {
  const gamma = term.gammas[c]!
  switch (term.function) {
    case 'focal':
      return focal(modulation(gamma, term.reducedThreshold))
    case 'poly':
      return poly(gamma)
    case 'generalized':
      return generalized(gamma)
  }
}
