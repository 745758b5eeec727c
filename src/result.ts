/** What a call may say and what it gives back. */
import type { FloatArray } from './engine.ts'
import type { TensorLike } from './tensor.ts'

/** What the option `gradient` may be. */
export type GradientOption = FloatArray | boolean | undefined

/** On what a criterion is evaluated; what is computed stands in the criterion's own options. */
export interface CallOptions<Gradient extends GradientOption = GradientOption> {
  /**
   * The shape of the prediction, one extent per letter of the layout. Required for a bare typed array; a tensor object
   * brings its own.
   */
  readonly shape?: ArrayLike<number> | undefined
  /**
   * One weight m ≥ 0 a pixel, of the labels' shape: multiplies the pixel's part in every sum. A pixel of weight 0 is not
   * read. Float32 and float64 lie as they are, other types are copied. The Lovász losses, which sort pixels, refuse them.
   * Default: 1 everywhere.
   */
  readonly pixelWeights?: TensorLike | undefined
  /**
   * `true`: allocate and return ∂loss/∂prediction. An array of the prediction's length (`Float32Array`; `Float64Array` for
   * a float64 prediction): write it there. It may share no memory with an input. Default: no gradient.
   */
  readonly gradient?: Gradient | undefined
  /** Factor of the gradient; finite. Default 1. */
  readonly gradientScale?: number | undefined
  /** Add the scaled gradient to what the given array holds. Default `false`. */
  readonly accumulate?: boolean | undefined
  /** Upper bound of the threads of this call; positive. Default: the process's. The numbers do not depend on it. */
  readonly threads?: number | undefined
}

/** What every loss returns. */
export interface LossResult {
  /** The loss, reduced as the criterion says. */
  readonly loss: number
  /**
   * The parts of the loss. Losses of scores: one value a cell, w·ℓ, NaN where skipped; sums over pixels: one a class, which
   * add up to the loss, or under reduction `'none'` one a pixel. Compounds: those of the first term.
   */
  readonly values: Float64Array<ArrayBuffer>
  /**
   * The axes of `values`. Losses of scores: [samples, classes], [classes], [samples] or [] by `scorePer`, with the classes
   * that count; sums over pixels: [C], under reduction `'none'` [samples, …spatial] (independent classes: the prediction's
   * shape).
   */
  readonly valuesShape: readonly number[]
  /** How many prediction values that count are NaN or infinite. Each makes the cells it touches, and so the loss, NaN. */
  readonly nonFinite: number
  /** The engine and the version of its numerics: `'native/1'`. Numbers of different ones differ in their last bits. */
  readonly numerics: string
}

/** The losses a compound is made of, each before its weight. */
export interface WithTerms<Terms extends string> {
  readonly terms: Readonly<Record<Terms, number>>
}

/** The gradient that was asked for. */
export interface WithGradient<Gradient> {
  /** gradientScale · ∂loss/∂prediction, flat, in the prediction's layout. */
  readonly gradient: Gradient
}

/** The array `gradient: true` allocates. */
export type GradientOf<Prediction> = Prediction extends Float64Array | { readonly data: Float64Array }
  ? Float64Array<ArrayBuffer>
  : Float32Array<ArrayBuffer>

/** The result of one call: with a gradient where one was asked for, with terms where the loss is a compound. */
export type Evaluated<Prediction, Gradient, Terms extends string> = LossResult &
  ([Terms] extends [never] ? unknown : WithTerms<Terms>) &
  ([Gradient] extends [false | undefined]
    ? unknown
    : [Gradient] extends [true]
      ? WithGradient<GradientOf<Prediction>>
      : [Gradient] extends [FloatArray]
        ? WithGradient<Gradient>
        : Partial<WithGradient<Extract<Gradient, FloatArray> | GradientOf<Prediction>>>)
