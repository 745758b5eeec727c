/** What a loss is to the face: its options, and how they become the terms an engine computes. */
import type { Activation, Reduction, Term } from './engine.ts'
import type { Layout } from './layout.ts'
import type { OptionKind, OptionValues } from './options.ts'
import type { TargetRules } from './target.ts'

/** A term without its factor: a compound knows that. */
export type Unweighted = Term extends infer Each ? (Each extends Term ? Omit<Each, 'weight'> : never) : never

/** The options of one term, read and checked as far as the number of classes does not matter. */
export interface TermPlan {
  readonly reduction: Reduction
  /** Whether pixels can weigh differently. */
  readonly weighsPixels: boolean
  /** ε of a cross-entropy's clip, of which a criterion has one; absent where there is none, or one of its own. */
  readonly clip?: number
  /** Checks what depends on the number of classes, and fills it in. */
  bind(classes: number): Unweighted
}

/** A term inside a criterion. */
export interface Part extends TermPlan {
  /** Its name in the result's `terms`. */
  readonly name: string
  /** Its factor in the loss. */
  readonly weight: number
}

/** The options that belong to a criterion as a whole, read and checked as far as the number of classes does not matter. */
export interface Whole {
  readonly activation: Activation
  /** The activations this loss has, for the remedy of an error. */
  readonly activations: readonly Activation[]
  readonly layout: Layout | undefined
  readonly rules: TargetRules
  readonly ignoreIndex: number | undefined
  readonly maskValue: number | undefined
  readonly regions: readonly (readonly number[])[] | undefined
  readonly checkValues: boolean
}

/** The options of a criterion. `Terms` are the names of a compound's parts. */
export interface Plan<Terms extends string = string> extends Whole {
  /** One for a plain loss. */
  readonly parts: readonly Part[]
  /** The names of the parts, which its result's `terms` has; absent for a plain loss. */
  readonly terms: readonly Terms[] | undefined
}

/** What a loss computes, apart from what belongs to a criterion as a whole: the same alone and inside a compound. */
export interface LossTerm<Options = object> {
  /** `'dice'`: in the terms of a compound, and before `Loss` in the name of its function. */
  readonly name: string
  /** Every option of `Options`, with what it may hold. */
  readonly table: Readonly<Record<keyof Options & string, OptionKind>>
  /** The activations it has a meaning for. */
  readonly activations: readonly Activation[]
  /** Where the other activations belong: the remedy of an error. */
  readonly instead: string
  /** Classes may overlap: it has the options `regions` and `maskValue`. */
  readonly overlaps: boolean
  parse(options: OptionValues, whole: Whole): TermPlan
}

/** A loss: one file in `losses/` defines one. */
export interface Loss<Options, Terms extends string = never> {
  /** The name of its function: `'diceLoss'`. */
  readonly name: string
  /** Every option of `Options`, with what it may hold. */
  readonly table: Readonly<Record<keyof Options & string, OptionKind>>
  parse(options: OptionValues): Plan<Terms>
}
