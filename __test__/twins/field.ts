/** Losses of pytorch-3dunet, JDTLosses, V-Net and the founding article, written out as their code or paper computes them. */
import { cells, map, mean, range, sum, type Labels, type Planes } from './tensors.ts'

/** pytorch-3dunet: the scores of the channels. */
export function perChannelDice(p: Planes, g: Planes, weight?: readonly number[]): number[] {
  const sums = (f: (a: number, b: number) => number): number[] =>
    cells(
      map(p, (a, n, c, v) => f(a, g[n]![c]![v]!)),
      true,
    )[0]!
  const intersect = sums((a, b) => a * b)
  const denominator = sums((a, b) => a * a + b * b)
  return intersect.map((value, c) => (2 * (weight?.[c] ?? 1) * value) / Math.max(denominator[c]!, 1e-6))
}

/** pytorch-3dunet, with its bound of every class, which small images do not reach. */
export function generalizedDice(p: Planes, g: Planes, epsilon = 1e-6): number {
  const withBackground = (planes: Planes): Planes =>
    planes[0]!.length > 1 ? planes : planes.map(([plane]) => [plane!, plane!.map((value) => 1 - value)])
  const [a, b] = [withBackground(p), withBackground(g)]
  const [G] = cells(b, true) as [number[]]
  const [P] = cells(a, true) as [number[]]
  const [I] = cells(
    map(a, (value, n, c, v) => value * b[n]![c]![v]!),
    true,
  ) as [number[]]
  const w = G.map((size) => 1 / Math.max(size * size, epsilon))
  const denominators = w.map((weight, c) => Math.max(weight * (P[c]! + G[c]!), epsilon))
  return 1 - (2 * sum(w.map((weight, c) => weight * I[c]!))) / sum(denominators)
}

/** The mean of PyTorch's binary cross-entropy from logits. */
export function binaryCrossEntropy(z: Planes, g: Planes): number {
  return mean(map(z, (value, n, c, v) => Math.log1p(Math.exp(value)) - value * g[n]![c]![v]!).flat(2))
}

export interface Jdt {
  readonly mIoUD?: number
  readonly mIoUI?: number
  readonly mIoUC?: number
  readonly alpha?: number
  readonly beta?: number
  readonly gamma?: number
  readonly smooth?: number
  readonly threshold?: number
  readonly norm?: number
  readonly logLoss?: boolean
  readonly classWeights?: readonly number[]
}

/** JDTLosses: `keep` is 0 where a pixel does not count. */
export function jdt(prob: Planes, label: Planes, mode: 'PRESENT' | 'ALL', options: Jdt = {}, keep?: Labels): number {
  const { mIoUD = 1, mIoUI = 0, mIoUC = 0, alpha = 1, beta = 1, gamma = 1, smooth = 1e-3 } = options
  const { threshold = 0.01, norm = 1, logLoss = false, classWeights } = options
  const kept = (planes: Planes): Planes => map(planes, (value, n, _, v) => value * (keep?.[n]?.[v] ?? 1))
  const [p, g] = [kept(prob), kept(label)]
  const card = (planes: Planes): number[][] =>
    cells(
      map(planes, (value) => Math.abs(value) ** norm),
      false,
    )
  const [P, G, D] = [card(p), card(g), card(map(p, (value, n, c, v) => value - g[n]![c]![v]!))]
  const tp = P.map((row, n) => row.map((value, c) => (value + G[n]![c]! - D[n]![c]!) / 2))
  const peaks = g.map((sample) => sample.map((plane) => Math.max(...plane)))
  const lossOf = (members: readonly number[], c: number): number => {
    const pool = (of: (n: number) => number): number => sum(members.map(of))
    const [t, a, b] = [pool((n) => tp[n]![c]!), pool((n) => P[n]![c]!), pool((n) => G[n]![c]!)]
    const tversky = (t + smooth) / (t + alpha * (a - t) + beta * (b - t) + smooth)
    return (logLoss ? -Math.log(tversky) : 1 - tversky) ** gamma * (classWeights?.[c] ?? 1)
  }
  const isActive = (members: readonly number[], c: number): boolean =>
    mode === 'ALL' || Math.max(...members.map((n) => peaks[n]![c]!)) > threshold
  const samples = range(p.length)
  const classes = range(p[0]!.length)
  const meanOf = (groups: readonly (readonly (readonly [members: readonly number[], c: number])[])[]): number => {
    const active = groups.map((group) => group.filter(([members, c]) => isActive(members, c)))
    const means = active.filter((group) => group.length > 0).map((group) => mean(group.map((cell) => lossOf(...cell))))
    return means.length === 0 ? 0 : mean(means)
  }
  const byData = meanOf([classes.map((c) => [samples, c] as const)])
  const byImage = meanOf(samples.map((n) => classes.map((c) => [[n], c] as const)))
  const byClass = meanOf(classes.map((c) => samples.map((n) => [[n], c] as const)))
  return mIoUD * byData + mIoUI * byImage + mIoUC * byClass
}

/** V-Net: 1 − D, the mean over samples and foregrounds. */
export function vnet(p: Planes, g: Planes, first: number): number {
  return mean(
    p.flatMap((sample, n) =>
      sample.slice(first).map((plane, index) => {
        const reference = g[n]![first + index]!
        const overlap = sum(plane.map((value, v) => value * reference[v]!))
        return 1 - (2 * overlap) / sum(plane.map((value, v) => value ** 2 + reference[v]! ** 2))
      }),
    ),
  )
}

/** CCE of the founding article. */
export function cce(p: Planes, g: Planes): number {
  const losses = map(p, (value, n, c, v) => -g[n]![c]![v]! * Math.log(Math.min(Math.max(value, 1e-7), 1 - 1e-7)))
  return sum(losses.flat(2)) / (p.length * p[0]![0]!.length)
}

/** Its four Dice losses. */
export function articleDice(p: Planes, g: Planes, power: number, first: number): number {
  const sums = (f: (a: number, b: number) => number): number[] =>
    cells(
      map(p, (a, n, c, v) => f(a, g[n]![c]![v]!)),
      true,
    )[0]!
  const I = sums((a, b) => a * b)
  const sizes = sums((a, b) => a ** power + b ** power)
  return mean(I.map((value, c) => 1 - (2 * value + 1e-7) / (sizes[c]! + 1e-7)).slice(first))
}
