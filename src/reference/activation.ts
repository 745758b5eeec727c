import type { Activation } from '../engine.ts'

/** What a pixel says of its classes. */
export interface Probabilities {
  readonly p: Float64Array
  /** `1 − p`, to full relative precision where the activation is maskloss's. */
  readonly q: Float64Array
}

/** `σ(z) = 1 / (1 + e^−z)`; the exponential never overflows into the result. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z))
  const e = Math.exp(z)
  return e / (1 + e)
}

/** `log(1 + e^z)`, without overflow for large z and without loss for very negative ones. */
export function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
}

/**
 * `p_c = e^(z_c − max) / Σ_k e^(z_k − max)`, and `log p_c = z_c − max − log Σ_k e^(z_k − max)`: the second is not the logarithm
 * of the first, which is 0 long before its logarithm is out of range. `q_c = 1 − p_c` and the logarithm of the sum take the
 * largest term, which is 1, apart from the rest: of a rest of 1e-20 the whole sum knows nothing. One NaN in `z` makes all NaN.
 */
export function softmax(z: Float64Array, { p, q }: Probabilities, logP: Float64Array): void {
  let max = -Infinity
  for (const value of z) max = Math.max(max, value)
  const top = z.indexOf(max)
  let rest = 0
  for (let c = 0; c < z.length; c++) {
    p[c] = Math.exp(z[c]! - max)
    if (c !== top) rest += p[c]!
  }
  const total = 1 + rest
  const logTotal = Math.log1p(rest)
  for (let c = 0; c < z.length; c++) {
    q[c] = (c === top ? rest : total - p[c]!) / total
    p[c]! /= total
    logP[c] = z[c]! - max - logTotal
  }
}

/**
 * Adds `factor · ∂L/∂z` for `d = ∂L/∂p`: softmax `p_c·(d_c − Σ_k p_k d_k)`, sigmoid `p·(1 − p)·d`, none `d`. Where p is NaN, each is,
 * also of a loss that p has no part in.
 */
export function addByProbability(
  activation: Activation,
  { p, q }: Probabilities,
  d: Float64Array,
  factor: number,
  slope: Float64Array,
): void {
  let mean = 0
  if (activation === 'softmax') for (let c = 0; c < p.length; c++) mean += p[c]! * d[c]!
  for (let c = 0; c < p.length; c++) {
    if (activation === 'softmax') slope[c]! += factor * p[c]! * (d[c]! - mean)
    else if (activation === 'sigmoid') slope[c]! += factor * p[c]! * q[c]! * d[c]!
    else slope[c]! += Number.isNaN(p[c]!) ? NaN : factor * d[c]!
  }
}

/**
 * The same for `b_c = ∂L/∂logit(p_c) = p_c·(1 − p_c)·∂L/∂p_c`, in which logarithms have no poles: sigmoid `b`, softmax
 * `b_c − p_c·Σ_{k≠c} b_k/(1 − p_k)`, none `b/(p·(1 − p))`, and 0 outside the clip, where the loss does not change.
 */
export function addByLogit(
  activation: Activation,
  { p, q }: Probabilities,
  b: Float64Array,
  clip: number,
  factor: number,
  slope: Float64Array,
): void {
  // Where 1 − p_k is 0, so are the other probabilities.
  const share = (k: number): number => (q[k] === 0 ? 0 : b[k]! / q[k]!)
  let shares = 0
  if (activation === 'softmax') for (let c = 0; c < p.length; c++) shares += share(c)
  for (let c = 0; c < p.length; c++) {
    if (activation === 'softmax') slope[c]! += factor * (b[c]! - p[c]! * (shares - share(c)))
    else if (activation === 'sigmoid') slope[c]! += factor * b[c]!
    else if (!isClipped(p[c]!, clip)) slope[c]! += (factor * b[c]!) / (p[c]! * q[c]!)
  }
}

/**
 * The clip holds p; where ε is 0, it holds 0 and 1. `b/(p·(1 − p))` is 0/0 there and may have no finite limit, but by the logit of a
 * saturated p, `p·(1 − p)·∂L/∂p`, the limit is 0.
 */
function isClipped(p: number, epsilon: number): boolean {
  return p < epsilon || p > 1 - epsilon || p === 0 || p === 1
}
