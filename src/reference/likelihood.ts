import type { Activation } from '../engine.ts'
import { softplus } from './activation.ts'
import type { PixelReader } from './pixel.ts'

/** The probability of an outcome, without loss where it is almost 0 or almost 1. */
export interface Likelihood {
  readonly p: number
  /** `1 − p` */
  readonly q: number
  /** `−log p` */
  readonly e: number
}

/** That the pixel is of class c: from logits by log-sum-exp or softplus, of probabilities with the clip. */
export function likelihood(activation: Activation, pixel: PixelReader, c: number, epsilon: number): Likelihood {
  const [p, q] = [pixel.p[c]!, pixel.q[c]!]
  if (activation === 'softmax') return { p, q, e: -pixel.logP[c]! }
  if (activation === 'sigmoid') return { p, q, e: softplus(-pixel.z[c]!) }
  const clipped = clip(p, epsilon)
  return { p: clipped, q: 1 - clipped, e: -Math.log(clipped) }
}

/** That it is not. */
export function unlikelihood(activation: Activation, pixel: PixelReader, c: number, epsilon: number): Likelihood {
  const [p, q] = [pixel.q[c]!, pixel.p[c]!]
  if (activation === 'softmax') return { p, q, e: -Math.log(p) }
  if (activation === 'sigmoid') return { p, q, e: softplus(pixel.z[c]!) }
  const clipped = clip(q, epsilon)
  return { p: 1 - clipped, q: clipped, e: -Math.log1p(-clipped) }
}

/** `clip(p, ε, 1 − ε)`; NaN stays NaN. */
function clip(p: number, epsilon: number): number {
  return Math.min(Math.max(p, epsilon), 1 - epsilon)
}
