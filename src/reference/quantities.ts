/** What is summed over the pixels of a (sample, class), each pixel times its weight. */
export interface Quantity {
  /** Of a pixel with probability p and target g. */
  of(p: number, g: number): number
  /** Its derivative by p. */
  slope(p: number, g: number): number
}

/** One of them. */
export type QuantityName =
  | 'intersection'
  | 'predicted'
  | 'target'
  | 'predictedSquares'
  | 'targetSquares'
  | 'difference'
  | 'hitSquares'
  | 'excessSquares'
  | 'missSquares'
  | 'pixels'

/** Everything that scores are made of. */
export const QUANTITIES: Readonly<Record<QuantityName, Quantity>> = {
  /** `I = Σ m·p·g` */
  intersection: { of: (p, g) => p * g, slope: (_p, g) => g },
  /** `P = Σ m·p` */
  predicted: { of: (p) => p, slope: () => 1 },
  /** `G = Σ m·g` */
  target: { of: (_p, g) => g, slope: () => 0 },
  /** `P₂ = Σ m·p²` */
  predictedSquares: { of: (p) => p * p, slope: (p) => 2 * p },
  /** `G₂ = Σ m·g²` */
  targetSquares: { of: (_p, g) => g * g, slope: () => 0 },
  /** `D = Σ m·|p − g|`; where p = g its derivative is taken as 0 */
  difference: { of: (p, g) => Math.abs(p - g), slope: (p, g) => Math.sign(p - g) },
  /** `Σ m·p²·g`, the true positives of squared errors */
  hitSquares: { of: (p, g) => p * p * g, slope: (p, g) => 2 * p * g },
  /** `Σ m·p²·(1 − g)`, their false positives */
  excessSquares: { of: (p, g) => p * p * (1 - g), slope: (p, g) => 2 * p * (1 - g) },
  /** `Σ m·(1 − p)²·g`, their false negatives */
  missSquares: { of: (p, g) => (1 - p) ** 2 * g, slope: (p, g) => -2 * (1 - p) * g },
  /** `V = Σ m` */
  pixels: { of: () => 1, slope: () => 0 },
}

/** The sums of one cell; those that its loss did not ask for are 0. */
export type CellSums = Readonly<Record<QuantityName, number>>

/** All of them 0. */
export const NO_SUMS: CellSums = Object.fromEntries(Object.keys(QUANTITIES).map((name) => [name, 0])) as CellSums

/** Derivatives by the sums of one cell; absent: 0. */
export type BySums = Readonly<Partial<Record<QuantityName, number>>>
