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
 * of the first, which is 0 long before its logarithm is out of range. One NaN in `z` makes all of them NaN.
 */
export function softmax(z: Float64Array, p: Float64Array, logP: Float64Array): void {
  let max = -Infinity
  for (const value of z) max = Math.max(max, value)
  let total = 0
  for (let c = 0; c < z.length; c++) {
    p[c] = Math.exp(z[c]! - max)
    total += p[c]!
  }
  const logTotal = Math.log(total)
  for (let c = 0; c < z.length; c++) {
    p[c]! /= total
    logP[c] = z[c]! - max - logTotal
  }
}

/** `Σ_k p_k·d_k`: with it `∂L/∂z_c = p_c·(d_c − Σ_k p_k d_k)`, where `d = ∂L/∂p`. */
export function softmaxMean(p: Float64Array, d: Float64Array): number {
  let mean = 0
  for (let c = 0; c < p.length; c++) mean += p[c]! * d[c]!
  return mean
}
