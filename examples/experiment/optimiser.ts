/** The optimisers of the study, as TensorFlow 1 has them. */

export const LEARNING_RATE = 1e-3

/** Moves the parameters one step against the gradient, in place. */
export type Optimiser = (parameters: Float64Array, gradient: Float64Array) => void

/** θ ← θ − η·g. */
function sgd(): Optimiser {
  return (parameters, gradient) => {
    for (let i = 0; i < parameters.length; i++) parameters[i]! -= LEARNING_RATE * gradient[i]!
  }
}

/**
 * Adam (Kingma and Ba, 2015) in the form at the end of its section 2: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
 * θ ← θ − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε).
 */
function adam(count: number): Optimiser {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]
  const [m, v] = [new Float64Array(count), new Float64Array(count)]
  let [power1, power2] = [1, 1]
  return (parameters, gradient) => {
    power1 *= beta1
    power2 *= beta2
    const rate = (LEARNING_RATE * Math.sqrt(1 - power2)) / (1 - power1)
    for (let i = 0; i < count; i++) {
      const g = gradient[i]!
      m[i] = beta1 * m[i]! + (1 - beta1) * g
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g
      parameters[i]! -= (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon)
    }
  }
}

/** By name, for a number of parameters. */
export const OPTIMISERS = { adam, sgd } as const

export type OptimiserName = keyof typeof OPTIMISERS
