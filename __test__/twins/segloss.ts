/** SegLossOdyssey's losses, written out as its code computes them. */
import { cells, map, mean, range, sum, type Labels, type Planes } from './tensors.ts'

interface Overlap {
  readonly batchDice?: boolean
  readonly doBg?: boolean
  readonly smooth?: number
  readonly square?: boolean
  readonly mask?: Labels
}

/** The mean over the cells of a function of true positives, false positives, false negatives. */
function score(p: Planes, g: Planes, options: Overlap, of: (tp: number, fp: number, fn: number) => number): number {
  const { batchDice = false, doBg = true, square = false, mask } = options
  const counted = (f: (p: number, g: number) => number): number[][] => {
    const masked = map(p, (value, n, c, v) => f(value, g[n]![c]![v]!) * (mask?.[n]?.[v] ?? 1))
    return cells(square ? map(masked, (value) => value * value) : masked, batchDice)
  }
  const [tp, fp, fn] = [
    counted((a, b) => a * b),
    counted((a, b) => a * (1 - b)),
    counted((a, b) => (1 - a) * b),
  ] as const
  const scores = tp.map((row, n) => row.map((value, c) => of(value, fp[n]![c]!, fn[n]![c]!)))
  return mean(scores.flatMap((row) => (doBg ? row : row.slice(1))))
}

export const softDice = (p: Planes, g: Planes, options: Overlap = {}): number => {
  const { smooth: s = 1 } = options
  return -score(p, g, options, (tp, fp, fn) => (2 * tp + s) / (2 * tp + fp + fn + s))
}

export const tversky = (p: Planes, g: Planes, alpha: number, beta: number, options: Overlap = {}): number => {
  const { smooth: s = 1 } = options
  return -score(p, g, options, (tp, fp, fn) => (tp + s) / (tp + alpha * fp + beta * fn + s))
}

export function sensitivitySpecificity(p: Planes, g: Planes, options: Overlap = {}): number {
  const { smooth = 1, batchDice = false, doBg = true } = options
  const errors = map(p, (value, n, c, v) => (g[n]![c]![v]! - value) ** 2)
  const inside = cells(
    map(errors, (e, n, c, v) => e * g[n]![c]![v]!),
    batchDice,
  )
  const outside = cells(
    map(errors, (e, n, c, v) => e * (1 - g[n]![c]![v]!)),
    batchDice,
  )
  const G = cells(g, batchDice)
  const B = cells(
    map(g, (value) => 1 - value),
    batchDice,
  )
  const losses = G.map((row, n) =>
    row.map((size, c) => (0.1 * inside[n]![c]!) / (size + smooth) + (0.9 * outside[n]![c]!) / (B[n]![c]! + smooth)),
  )
  return mean(losses.flatMap((row) => (doBg ? row : row.slice(1))))
}

const sums = (p: Planes, g: Planes, pooled: boolean) =>
  [
    cells(
      map(p, (value, n, c, v) => value * g[n]![c]![v]!),
      pooled,
    ),
    cells(p, pooled),
    cells(g, pooled),
  ] as const

export function gdice(p: Planes, g: Planes, smooth = 1e-5): number {
  const [I, P, G] = sums(p, g, false)
  return mean(
    G.map((row, n) => {
      const w = row.map((size) => 1 / (size + 1e-10) ** 2)
      const intersection = sum(w.map((weight, c) => weight * I[n]![c]!))
      const union = sum(w.map((weight, c) => weight * (P[n]![c]! + row[c]!)))
      return (-2 * (intersection + smooth)) / (union + smooth)
    }),
  )
}

export function gdiceV2(p: Planes, g: Planes, smooth = 1e-5): number {
  const [[I], [P], [G]] = sums(p, g, true) as [[number[]], [number[]], [number[]]]
  const w = G.map((size) => 1 / Math.max(size * size, smooth))
  const denominator = sum(w.map((weight, c) => weight * (P[c]! + G[c]!)))
  return (-2 * sum(w.map((weight, c) => weight * I[c]!))) / Math.max(denominator, smooth)
}

export const penalty = (loss: number, k: number): number => loss / (1 + k * (1 - loss))

/** −log p of the label, times its class's weight; 0 for ignored pixels. */
const entropies = (p: Planes, labels: Labels, weight: readonly number[], ignored = -100): number[] =>
  labels.flatMap((row, n) => row.map((y, v) => (y === ignored ? 0 : -weight[y]! * Math.log(p[n]![y]![v]!))))

export function weightedCrossEntropy(p: Planes, labels: Labels, weight: readonly number[]): number {
  return sum(entropies(p, labels, weight)) / sum(labels.flat().map((y) => weight[y]!))
}

export function topK(p: Planes, labels: Labels, k: number, weight: readonly number[], ignored: number): number {
  const losses = entropies(p, labels, weight, ignored).toSorted((a, b) => b - a)
  return mean(losses.slice(0, Math.floor((losses.length * k) / 100)))
}

export const expLog = (dice: number, entropy: number, gamma: number): number =>
  0.8 * (-Math.log(Math.max(dice, 1e-6))) ** gamma + 0.2 * entropy

/** Of every pixel; `alpha` by class. */
export function focal(p: Planes, labels: Labels, alpha: readonly number[], gamma: number, smooth: number): number[] {
  const classes = p[0]!.length
  const key = (own: boolean): number =>
    smooth === 0 ? Number(own) : Math.min(Math.max(Number(own), smooth / (classes - 1)), 1 - smooth)
  return labels.flatMap((row, n) =>
    row.map((y, v) => {
      const q = sum(range(classes).map((c) => key(c === y) * p[n]![c]![v]!)) + smooth
      return -alpha[y]! * (1 - q) ** gamma * Math.log(q)
    }),
  )
}
