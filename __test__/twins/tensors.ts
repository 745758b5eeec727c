/** Tensors as nested lists, for formulas written out the long way: `[sample][class][pixel]`. */

/** Numbers of every class and pixel. */
export type Planes = readonly (readonly (readonly number[])[])[]
/** One label a pixel. */
export type Labels = readonly (readonly number[])[]

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0)
export const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** `[N, C, …]` by sample, class and pixel. */
export function nest(data: ArrayLike<number>, [samples, classes]: readonly number[]): Planes {
  const pixels = data.length / (samples! * classes!)
  return range(samples!).map((n) =>
    range(classes!).map((c) => range(pixels).map((v) => data[(n * classes! + c) * pixels + v]!)),
  )
}

/** `[N, …, C]` by sample, class and pixel. */
export function nestLast(data: ArrayLike<number>, samples: number, classes: number): Planes {
  const pixels = data.length / (samples * classes)
  return range(samples).map((n) =>
    range(classes).map((c) => range(pixels).map((v) => data[(n * pixels + v) * classes + c]!)),
  )
}

/** `[N, …]` by sample and pixel. */
export function nestLabels(data: ArrayLike<number>, samples: number): Labels {
  const pixels = data.length / samples
  return range(samples).map((n) => range(pixels).map((v) => data[n * pixels + v]!))
}

/** A function of every element and of where it is. */
export function map(planes: Planes, f: (value: number, n: number, c: number, v: number) => number): Planes {
  return planes.map((sample, n) => sample.map((plane, c) => plane.map((value, v) => f(value, n, c, v))))
}

/** 1 in the class of the label. */
export function oneHot(labels: Labels, classes: number): Planes {
  return labels.map((sample) => range(classes).map((c) => sample.map((label) => Number(label === c))))
}

export const sigmoid = (z: Planes): Planes => map(z, (value) => 1 / (1 + Math.exp(-value)))

export function softmax(z: Planes): Planes {
  return map(z, (value, n, _, v) => Math.exp(value) / sum(z[n]!.map((plane) => Math.exp(plane[v]!))))
}

/** Sums over the pixels by sample and class; of a pooled batch one row. */
export function cells(planes: Planes, pooled: boolean): number[][] {
  const sums = planes.map((sample) => sample.map(sum))
  return pooled ? [sums[0]!.map((_, c) => sum(sums.map((row) => row[c]!)))] : sums
}
