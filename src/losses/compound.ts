/**
 * Weighted sums of losses, evaluated in the same two passes: what belongs to the criterion as a whole stands once, and
 * each loss brings its term. A compound by name nests the options of its losses; `combine` takes criteria that are made.
 */
import { masklossError } from '../errors.ts'
import type { Loss, LossTerm, Part, Plan } from '../loss.ts'
import { OptionNames, type OptionKind } from '../options.ts'
import { ANY_ACTIVATION, parseWhole, wholeTable } from './common.ts'
import { OPTION_HOMES } from './homes.ts'
import { TERM_FACTOR } from './limits.ts'

/** Factor of a term in a compound. */
export interface TermOptions {
  /** Factor of this term in the loss, in [−1e12, 1e12]. Default 1. */
  readonly weight?: number | undefined
  /** From the term's values to the term. A compound is one number, so there is no `'none'`. Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | undefined
}

/** A compound by name: under the name of each term, its options and its factor. */
export function compound<Options, Terms extends string>(
  name: string,
  terms: Readonly<Record<Terms, LossTerm<never>>>,
  weights: Partial<Readonly<Record<Terms, number>>> = {},
): Loss<Options, Terms> {
  const members = (Object.keys(terms) as Terms[]).map((term) => ({
    term,
    loss: terms[term],
    names: new OptionNames(term, { ...terms[term].table, weight: 'value' }, OPTION_HOMES),
    defaultWeight: weights[term] ?? 1,
  }))
  const losses = members.map(({ loss }) => loss)
  const activations = ANY_ACTIVATION.filter((word) => losses.every((loss) => loss.activations.includes(word)))
  const instead = losses.map((loss) => loss.instead).find((remedy) => remedy !== '') ?? ''
  const nested = Object.fromEntries(members.map(({ term, names }) => [term, names]))
  const table: Readonly<Record<string, OptionKind>> = {
    ...wholeTable(losses.every(({ overlaps }) => overlaps)),
    ...nested,
  }
  return {
    name,
    table,
    parse: (options): Plan<Terms> => {
      const whole = parseWhole(options, activations, instead)
      const parts = members.map(({ term, loss, names, defaultWeight }): Part => {
        const own = options.nested(term, names)
        const weight = own.number('weight', TERM_FACTOR) ?? defaultWeight
        return summand({ name: term, weight, ...loss.parse(own, whole) }, own.path('reduction'))
      })
      return { ...whole, parts, terms: members.map(({ term }) => term) }
    },
  }
}

/** A part of a sum, which must be one number. `argument` is its option `reduction`. */
export function summand(part: Part, argument: string): Part {
  if (part.reduction !== 'none') return part
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument,
    expected: "'mean' or 'sum'",
    actual: "'none'",
    remedy: 'a compound is one number: evaluate the losses apart',
  })
}
