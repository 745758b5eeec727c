/** What a loss is to the face: its options, and how they become the terms an engine computes. */
import type { Activation, Term } from './engine.ts'
import type { Layout } from './layout.ts'
import type { OptionKind, OptionValues } from './options.ts'
import type { TargetRules } from './target.ts'

/** One term of a loss, its options read and checked as far as the number of classes does not matter. */
export interface Part {
  /** Its name in the result's `terms`. */
  readonly name: string
  /** Checks what depends on the number of classes, and fills it in. */
  bind(classes: number): Term
}

/** The options of a criterion, read and checked as far as the number of classes does not matter. */
export interface Plan {
  readonly activation: Activation
  /** The activations this loss has, for the remedy of an error. */
  readonly activations: readonly Activation[]
  readonly layout: Layout | undefined
  readonly rules: TargetRules
  readonly ignoreIndex: number | undefined
  readonly maskValue: number | undefined
  readonly regions: readonly (readonly number[])[] | undefined
  readonly checkValues: boolean
  /** One for a plain loss; a compound's terms are named in its result. */
  readonly parts: readonly Part[]
}

/** A loss: one file in `losses/` defines one. `Terms` names the parts of a compound. */
export interface Loss<Options, Terms extends string = never> {
  /** The name of its function: `'diceLoss'`. */
  readonly name: string
  /** Every option of `Options`, with what it may hold. */
  readonly table: Readonly<Record<keyof Options & string, OptionKind>>
  /** The parts of a compound, in the order of `Plan.parts`; absent for a plain loss. */
  readonly terms?: readonly Terms[]
  parse(options: OptionValues): Plan
}
