/** Any weighted sum of losses as one criterion: the parts of all of them, evaluated in the same two passes. */
import { LossCriterion, originOf } from './criterion.ts'
import { describe } from './describe.ts'
import type { EngineSource } from './engine.ts'
import { masklossError, type MasklossErrorCode } from './errors.ts'
import type { Loss, Part, Plan, Whole } from './loss.ts'
import { summand } from './losses/compound.ts'
import { TERM_FACTOR } from './losses/limits.ts'
import { inRange, text } from './options.ts'

/** A factor and the criterion of the loss it belongs to. */
export type WeightedLoss = readonly [weight: number, criterion: LossCriterion<never>]

/** A weighted sum of losses: `terms` of its result are named after the losses, and numbered where a name repeats. */
export type Combination = LossCriterion<object, string>

/** Makes `combine` for an engine. */
export type CombineFunction = (losses: readonly WeightedLoss[]) => Combination

/**
 * A weighted sum of losses as one criterion,
 *
 *     loss = Σ_i weight_i · loss_i
 *
 * which costs two passes over the data, however many losses there are:
 *
 *     const shared = { activation: 'softmax', ignoreIndex: 255 } as const
 *     const criterion = combine([
 *       [1, new DiceLoss({ ...shared, includeBackground: false })],
 *       [0.5, new FocalLoss({ ...shared, gamma: 2 })],
 *       [0.5, new LovaszSoftmaxLoss(shared)],
 *     ])
 *     const { loss, terms } = criterion.evaluate(logits, labels) // terms: { dice, focal, lovaszSoftmax }
 *
 * What belongs to the criterion as a whole must be the same in all: `activation`, `layout`, `target`, `ignoreIndex`,
 * `maskValue`, `regions`, `checkValues`, and in all cross-entropies `clip`; a contradiction is refused by name. `terms` are
 * named after the losses, each before its weight, and numbered where a name repeats: `dice`, `dice2`. A compound brings all of
 * its terms. `values` are those of the first.
 * @param losses - Pairs of a factor in [−1e12, 1e12] and a criterion, at least one.
 * @throws {MasklossTypeError} For contradictory options, for a loss with reduction `'none'` beside others, for no losses, or no criterion.
 * @throws {MasklossRangeError} For a factor beyond these bounds, alone or times the factors of what it multiplies.
 */
export function combineFunction(source: EngineSource): CombineFunction {
  return function combine(losses) {
    return new CombinedLoss(losses, source)
  }
}

class CombinedLoss extends LossCriterion<object, string> {
  constructor(losses: readonly WeightedLoss[], source: EngineSource) {
    const combination: Loss<object, string> = { name: 'combination', table: {}, parse: () => combined(losses) }
    super(combination, {}, source)
  }
}

/** One plan of several. */
function combined(losses: readonly WeightedLoss[]): Plan {
  if (!Array.isArray(losses) || losses.length === 0) {
    const remedy = 'pass for example [[1, new DiceLoss(…)], [1, new CrossEntropyLoss(…)]]'
    throw wrong('losses', 'a list of [weight, criterion]', Array.isArray(losses) ? 'none' : describe(losses), remedy)
  }
  const members = (losses as readonly WeightedLoss[]).map(weightedPlan)
  const [first, ...rest] = members as [Member, ...Member[]]
  for (const [index, { plan }] of rest.entries()) checkAgreement(first.plan, plan, index + 1)
  checkClip(members)

  const count = members.reduce((sum, { plan }) => sum + plan.parts.length, 0)
  const names = new Map<string, number>()
  const parts = members.flatMap(({ weight, plan }, index) =>
    plan.parts.map((part): Part => {
      const repeated = (names.get(part.name) ?? 0) + 1
      names.set(part.name, repeated)
      const name = repeated === 1 ? part.name : `${part.name}${repeated}`
      const scaled = { ...part, name, weight: factorOf(weight, part, index) }
      return count === 1 ? scaled : summand(scaled, `losses[${index}][1].reduction`)
    }),
  )
  const activations = first.plan.activations.filter((word) => rest.every(({ plan }) => plan.activations.includes(word)))
  return { ...first.plan, activations, parts, terms: parts.map(({ name }) => name) }
}

/** The factor of a part in the combination. */
function factorOf(weight: number, part: Part, index: number): number {
  const factor = weight * part.weight
  if (inRange(factor, TERM_FACTOR)) return factor
  const actual = `${weight} times the weight ${part.weight} of ${part.name}`
  const remedy = 'pass a smaller factor'
  throw wrong(
    `losses[${index}][0]`,
    `a product of factors that is ${text(TERM_FACTOR)}`,
    actual,
    remedy,
    'ERR_MASKLOSS_OPTION_VALUE',
  )
}

interface Member {
  readonly weight: number
  readonly plan: Plan
}

function weightedPlan(pair: WeightedLoss, index: number): Member {
  const at = `losses[${index}]`
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw wrong(at, 'a pair [weight, criterion]', describe(pair), 'pass for example [1, new DiceLoss(…)]')
  }
  const [weight, criterion] = pair as WeightedLoss
  if (typeof weight !== 'number' || !inRange(weight, TERM_FACTOR)) {
    const code = typeof weight === 'number' ? 'ERR_MASKLOSS_OPTION_VALUE' : 'ERR_MASKLOSS_OPTION_TYPE'
    throw wrong(`${at}[0]`, text(TERM_FACTOR), describe(weight), 'pass the factor of the loss', code)
  }
  return { weight, plan: originOf(criterion, `${at}[1]`).plan }
}

/** The options of the whole by name, in a form that can be compared and shown. */
const SHARED: Readonly<Record<string, (whole: Whole) => unknown>> = {
  activation: ({ activation }) => activation,
  layout: ({ layout }) => layout,
  target: ({ rules }) => rules.kind,
  ignoreIndex: ({ ignoreIndex }) => ignoreIndex,
  maskValue: ({ maskValue }) => maskValue,
  regions: ({ regions }) => (regions === undefined ? undefined : JSON.stringify(regions)),
  checkValues: ({ checkValues }) => checkValues,
}

function checkAgreement(first: Plan, other: Plan, index: number): void {
  for (const [name, read] of Object.entries(SHARED)) {
    if (read(first) === read(other)) continue
    const expected = `the same in every loss, ${describe(read(first))} as in the first,`
    const actual = `${describe(read(other))} in losses[${index}] (${other.parts.map((part) => part.name).join(', ')})`
    const remedy = 'all losses read the same data: write what they share once, and spread it into each'
    throw masklossError({ code: 'ERR_MASKLOSS_OPTION_CONFLICT', argument: name, expected, actual, remedy })
  }
}

/** The logarithms of all cross-entropies are taken once. */
function checkClip(members: readonly Member[]): void {
  const clipped = members.flatMap(({ plan }, index) =>
    plan.parts.flatMap(({ name, clip }) => (clip === undefined ? [] : [{ name, clip, index }])),
  )
  const other = clipped.find(({ clip }) => clip !== clipped[0]!.clip)
  if (other === undefined) return
  throw masklossError({
    code: 'ERR_MASKLOSS_OPTION_CONFLICT',
    argument: 'clip',
    expected: `the same in every cross-entropy, ${clipped[0]!.clip} as in losses[${clipped[0]!.index}],`,
    actual: `${other.clip} in losses[${other.index}] (${other.name})`,
    remedy: 'write clip once, and spread it into each, or evaluate the losses apart, the second with accumulate',
  })
}

function wrong(
  argument: string,
  expected: string,
  actual: string,
  remedy: string,
  code: MasklossErrorCode = 'ERR_MASKLOSS_OPTION_TYPE',
): Error {
  return masklossError({ code, argument, expected, actual, remedy })
}
