/** Where single precision, the native engine's, ends for the functions of the probabilities: the same for both engines. */
import { describe } from '../describe.ts'
import type { PixelTerm, Term } from '../engine.ts'
import { masklossError } from '../errors.ts'
import { inRange, text, type Range } from '../options.ts'

/** Factors of the logarithms of pixels: products of two of them are far from the end of single precision. */
export const PIXEL_FACTOR: Range & { readonly max: number } = { min: 0, max: 1e12 }
/** Factors of a term in a sum of losses, of either sign. */
export const TERM_FACTOR: Range = { min: -PIXEL_FACTOR.max, max: PIXEL_FACTOR.max }
/** Focal γ: the rounding of a float32 probability grows γ-fold. */
export const FOCAL_GAMMA: Range = { min: 0, max: 1000 }
/** Poly ε. Below −1 the loss grows with the probability near 1; far above, single precision ends. */
export const POLY_EPSILON: Range & { readonly max: number } = { min: -1, max: 1e6 }
/** q of generalized cross-entropy. Below this it is cross-entropy, and its quotient 0/0 in single precision. */
export const GENERALIZED_Q: Range = { min: 1e-6, max: 1 }
/** The least θ of a reduced focal loss. */
export const LEAST_THRESHOLD = 1e-6

/** The largest factor of a reduced focal loss, at p = θ: ((1 − θ)/θ)^γ. */
export function reducedFactor(threshold: number, gammas: readonly number[]): number {
  return Math.max(...gammas.map((gamma) => Math.max(0, (1 - threshold) / threshold) ** gamma))
}

/** Of either sign: a library need not ask for more. */
const symmetric = ({ max }: { readonly max: number }): Range => ({ min: -max, max })
const GAMMAS: Readonly<Record<PixelTerm['function'], readonly [name: string, range: Range]>> = {
  focal: ['γ', FOCAL_GAMMA],
  poly: ['ε', symmetric(POLY_EPSILON)],
  generalized: ['q', GENERALIZED_Q],
}

/**
 * Refuses a term with numbers beyond these limits, whatever options they come from. What is not finite in double precision either is
 * the loss' own.
 * @param owner - Whose options these are.
 */
export function checkLimits(term: Term, owner: string): void {
  const check = (name: string, numbers: readonly number[] | undefined, range: Range): void => {
    const beyond = numbers?.find((number) => Number.isFinite(number) && !inRange(number, range))
    if (beyond !== undefined) throw outside(`${text(range)} as ${name} of ${owner}`, beyond)
  }
  check('a factor', [term.weight], TERM_FACTOR)
  switch (term.kind) {
    case 'cross-entropy':
      return check('a weight', term.classWeights, PIXEL_FACTOR)
    case 'binary-cross-entropy':
      check('a weight', term.classWeights, PIXEL_FACTOR)
      return check('a weight', term.positiveWeights, PIXEL_FACTOR)
    case 'pixel':
      check(GAMMAS[term.function][0], term.gammas, GAMMAS[term.function][1])
      check('a weight', term.positiveWeights, symmetric(PIXEL_FACTOR))
      check('a weight', term.negativeWeights, symmetric(PIXEL_FACTOR))
      if (term.reducedThreshold === undefined) return
      check('θ', [term.reducedThreshold], { min: LEAST_THRESHOLD })
      return check('((1 − θ)/θ)^γ', [reducedFactor(term.reducedThreshold, term.gammas)], PIXEL_FACTOR)
  }
}

function outside(expected: string, actual: number): Error {
  return masklossError({
    code: 'ERR_MASKLOSS_OPTION_VALUE',
    argument: 'options',
    expected,
    actual: describe(actual),
    remedy: "pass what single precision, the native engine's, can compute with",
  })
}
