/** A small batch, and the formulas of losses written out over its pixels as their sources have them. */

export const [SAMPLES, CLASSES, PIXELS] = [2, 3, 8]
export const logits = Float32Array.from({ length: SAMPLES * CLASSES * PIXELS }, (_, i) => Math.sin(i * 2.3 + 1) * 2)
/** Class 2 is absent from sample 1. */
export const labels = Uint8Array.of(0, 1, 2, 2, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0)
export const softmax = { activation: 'softmax', layout: 'NCW', shape: [SAMPLES, CLASSES, PIXELS] } as const
export const sigmoid = { ...softmax, activation: 'sigmoid' } as const

export type Plane = (n: number, c: number, v: number) => number
export const z: Plane = (n, c, v) => logits[(n * CLASSES + c) * PIXELS + v]!
const label = (n: number, v: number): number => labels[n * PIXELS + v]!
export const g: Plane = (n, c, v) => Number(label(n, v) === c)
export const p: Plane = (n, c, v) => Math.exp(z(n, c, v)) / sumOf(CLASSES, (k) => Math.exp(z(n, k, v)))
export const q: Plane = (n, c, v) => 1 / (1 + Math.exp(-z(n, c, v)))

export function sumOf(count: number, term: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += term(i)
  return sum
}
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
export const map = <T>(count: number, value: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => value(i))
export const perClass = (value: (c: number) => number): number[] => map(CLASSES, value)
export const perSample = (value: (n: number) => number): number[] => map(SAMPLES, value)
export const perCell = (value: (n: number, c: number) => number): number[] =>
  perSample((n) => n).flatMap((n) => perClass((c) => value(n, c)))
/** The mean over all pixels of the batch. */
export const perPixel = (value: (n: number, v: number) => number): number =>
  meanOf(perSample((n) => sumOf(PIXELS, (v) => value(n, v)) / PIXELS))

export const overlap = (n: number, c: number): number => sumOf(PIXELS, (v) => p(n, c, v) * g(n, c, v))
export const predicted = (n: number, c: number): number => sumOf(PIXELS, (v) => p(n, c, v))
export const reference = (n: number, c: number): number => sumOf(PIXELS, (v) => g(n, c, v))
export const pooled = (value: (n: number, c: number) => number): ((c: number) => number) => {
  return (c) => sumOf(SAMPLES, (n) => value(n, c))
}
export const tversky = (n: number, c: number, alpha: number, beta: number, smooth: number): number => {
  const [I, P, G] = [overlap(n, c), predicted(n, c), reference(n, c)]
  return (I + smooth) / (I + alpha * (P - I) + beta * (G - I) + smooth)
}
/** One ratio of sums over the classes. */
export function generalized(weights: readonly number[], sums: (c: number) => readonly [number, number]): number {
  const numerator = sumOf(CLASSES, (c) => 2 * weights[c]! * sums(c)[0])
  return 1 - (numerator + 1e-5) / (sumOf(CLASSES, (c) => weights[c]! * sums(c)[1]) + 1e-5)
}
export const sampleSums = (n: number) => (c: number) => [overlap(n, c), predicted(n, c) + reference(n, c)] as const
/** 1/G^power, and the rule for an absent class. */
export function volumes(n: number, power: number, absent: (largest: number) => number): number[] {
  const weights = perClass((c) => reference(n, c) ** -power)
  const largest = Math.max(...weights.filter(Number.isFinite))
  return weights.map((weight) => (Number.isFinite(weight) ? weight : absent(largest)))
}
export const largest = (weight: number): number => weight

export function lovasz(errors: readonly (readonly [error: number, truth: number])[]): number {
  const sorted = errors.toSorted(([a], [b]) => b - a)
  const total = sumOf(sorted.length, (i) => sorted[i]![1])
  const jaccard = (worst: number): number => {
    const hits = sumOf(worst, (i) => sorted[i]![1])
    return worst === 0 ? 0 : 1 - (total - hits) / (total + worst - hits)
  }
  return sumOf(sorted.length, (i) => sorted[i]![0] * (jaccard(i + 1) - jaccard(i)))
}
export const softmaxErrors = (n: number, c: number) =>
  map(PIXELS, (v) => [Math.abs(g(n, c, v) - p(n, c, v)), g(n, c, v)] as const)
export const hingeErrors = (n: number, c: number) =>
  map(PIXELS, (v) => [Math.max(0, 1 - z(n, c, v) * (2 * g(n, c, v) - 1)), g(n, c, v)] as const)
export const present = (n: number): number[] => perClass((c) => c).filter((c) => reference(n, c) > 0)

export function matthews(n: number, c: number, smooth: number): number {
  const [I, P, G] = [overlap(n, c), predicted(n, c), reference(n, c)]
  const [TP, FP, FN, TN] = [I, P - I, G - I, PIXELS - P - G + I].map((count) => count + smooth) as [
    number,
    number,
    number,
    number,
  ]
  return 1 - (TP * TN - FP * FN) / Math.sqrt((TP + FP) * (TP + FN) * (TN + FP) * (TN + FN))
}
export function sensitivitySpecificity(n: number, c: number, ratio: number): number {
  const error = (truth: (v: number) => number): number =>
    sumOf(PIXELS, (v) => (g(n, c, v) - p(n, c, v)) ** 2 * truth(v)) / (sumOf(PIXELS, truth) + 1e-5)
  return ratio * error((v) => g(n, c, v)) + (1 - ratio) * error((v) => 1 - g(n, c, v))
}
export const absolute = (n: number, c: number): readonly [I: number, union: number] => {
  const sizes = predicted(n, c) + reference(n, c)
  const I = (sizes - sumOf(PIXELS, (v) => Math.abs(p(n, c, v) - g(n, c, v)))) / 2
  return [I, sizes - I]
}
export const metric = (n: number, c: number): number => 1 - (absolute(n, c)[0] + 1e-5) / (absolute(n, c)[1] + 1e-5)

export const DISTANCES = [
  [0, 2, 2],
  [2, 0, 1],
  [2, 1, 0],
]
export const distance = (n: number, v: number): number =>
  sumOf(CLASSES, (c) => (DISTANCES[label(n, v)]![c]! / 2) * p(n, c, v))
export function wasserstein(n: number): number {
  const TP = 2 * sumOf(PIXELS, (v) => (label(n, v) > 0 ? 1 - distance(n, v) : 0))
  return 1 - (TP + 1e-5) / (TP + sumOf(PIXELS, (v) => distance(n, v)) + 1e-5)
}
export function wassersteinVolume(n: number): number {
  const weight = (v: number): number => 1 / (reference(n, label(n, v)) + 1)
  const TP = 2 * sumOf(PIXELS, (v) => weight(v) * (1 - distance(n, v)))
  return 1 - (TP + 1e-5) / (sumOf(PIXELS, (v) => weight(v) * (2 - distance(n, v))) + 1e-5)
}

export const focus = (probability: number, gamma: number): number =>
  -((1 - probability) ** gamma) * Math.log(probability)
/** The mean over pixels of a function of the probability of the true class. */
export const categorical = (phi: (probability: number, c: number) => number): number =>
  perPixel((n, v) => phi(p(n, label(n, v), v), label(n, v)))
/** The mean over pixels and classes of a function of the probability of what is true: `c` is the class, `truth` 1 or 0. */
export const binary = (phi: (probability: number, c: number, truth: number) => number): number =>
  perPixel((n, v) => meanOf(perClass((c) => phi(g(n, c, v) === 1 ? q(n, c, v) : 1 - q(n, c, v), c, g(n, c, v)))))
export const entropies = perSample((n) => n).flatMap((n) => map(PIXELS, (v) => -Math.log(p(n, label(n, v), v))))
export const dice = (n: number, c: number): number =>
  (2 * overlap(n, c) + 1e-5) / (predicted(n, c) + reference(n, c) + 1e-5)
