/**
 * `x^γ` and its derivative, for x ≥ 0 (what rounding leaves below is 0). At 0 the derivative is 0, 1 (γ = 1) or infinite (γ < 1);
 * 0 stands for infinite: nothing is left to improve.
 */
export function power(x: number, gamma: number): { value: number; slope: number } {
  if (gamma === 1) return { value: x, slope: 1 }
  const base = Math.max(x, 0)
  return { value: base ** gamma, slope: base === 0 ? 0 : gamma * base ** (gamma - 1) }
}
