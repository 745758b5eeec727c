/** The options every loss has, and the loss that has them and one term's. */
import { alternatives, describe } from '../describe.ts'
import type { Activation, Reduction } from '../engine.ts'
import { masklossError } from '../errors.ts'
import { LAYOUTS, type Layout } from '../layout.ts'
import type { Loss, LossTerm, Plan, Whole } from '../loss.ts'
import { INTEGER, LABEL, type OptionKind, type OptionValues } from '../options.ts'
import { TARGET_KINDS, type TargetKind } from '../target.ts'

/** The options of every loss but how its regions are written. */
export interface CriterionOptions<Activations extends Activation = Activation> {
  /**
   * What maskloss applies to the prediction: `'softmax'` over the classes or `'sigmoid'` to logits; `'none'` if the
   * prediction holds probabilities. Required: probabilities passed as logits give a plausible wrong number.
   */
  readonly activation: Activations
  /**
   * The axes of the prediction by letter, in order. Default: `'NCHW'` for 4 axes, `'NCDHW'` for 5; image objects are HWC.
   * With fewer axes it must be said.
   */
  readonly layout?: Layout | undefined
  /**
   * Whether the target holds one label a pixel or one plane a class. Default: by its shape; where both fit (one class),
   * integers are labels and floats are the foreground's plane, or labels too if `ignoreIndex` or `maskValue` is given.
   */
  readonly target?: TargetKind | undefined
  /**
   * Pixels of this label are not read and get gradient 0; any integer. With per-class targets: the class whose plane marks
   * the pixels to ignore (> ½). Default: none.
   */
  readonly ignoreIndex?: number | undefined
  /**
   * Refuse probabilities and per-class targets outside [0, 1], and with labels probabilities that do not sum to one (but for the binary loss), each
   * with a tolerance of 1e-3. `false`: compute with what comes. Default `true`.
   */
  readonly checkValues?: boolean | undefined
}

/** How the target's labels map to the classes of the prediction. */
export interface LabelOptions {
  /**
   * Class c is the union of the labels `regions[c]`, for overlapping regions over one label map: `[[1, 2, 3], [2, 3], [3]]`.
   * Labels in no region are background. Needs activation `'sigmoid'` or `'none'`. Default: class c is label c.
   */
  readonly regions?: readonly ArrayLike<number>[] | undefined
  /** One class only: the label that marks the foreground, 255 for 0/255 masks. Default 1. */
  readonly maskValue?: number | undefined
}

/** The option tables that belong to these interfaces. */
const CRITERION_TABLE: Readonly<Record<keyof CriterionOptions, OptionKind>> = {
  activation: 'value',
  layout: 'value',
  target: 'value',
  ignoreIndex: 'value',
  checkValues: 'value',
}
const LABEL_TABLE: Readonly<Record<keyof LabelOptions, OptionKind>> = { regions: 'list', maskValue: 'value' }

/** The words of the option `reduction`. */
export const REDUCTIONS: readonly Reduction[] = ['mean', 'sum', 'none']
/** Every activation. */
export const ANY_ACTIVATION: readonly Activation[] = ['softmax', 'sigmoid', 'none']

/** The loss that is one term: the term's options beside those every loss has. */
export function lossOf<Options>(
  term: LossTerm<Omit<Options, keyof CriterionOptions | keyof LabelOptions>>,
): Loss<Options> {
  const { name, table } = term
  return {
    name: `${name}Loss`,
    table: { ...wholeTable(term.overlaps), ...table } as Loss<Options>['table'],
    parse: (options): Plan<never> => {
      const whole = parseWhole(options, term.activations, term.instead)
      return { ...whole, parts: [{ name, weight: 1, ...term.parse(options, whole) }], terms: undefined }
    },
  }
}

/** The table of what belongs to a criterion as a whole. */
export function wholeTable(overlaps: boolean): Readonly<Record<string, OptionKind>> {
  return overlaps ? { ...CRITERION_TABLE, ...LABEL_TABLE } : CRITERION_TABLE
}

/**
 * Reads what belongs to a criterion as a whole.
 * @param allowed - The activations of this loss.
 * @param instead - Where the activation that is not allowed belongs.
 */
export function parseWhole(options: OptionValues, allowed: readonly Activation[], instead: string): Whole {
  const activation = parseActivation(options, allowed, instead)
  const layout = options.oneOf('layout', LAYOUTS)
  const kind = options.oneOf('target', TARGET_KINDS)
  const ignoreIndex = options.number('ignoreIndex', INTEGER)
  const checkValues = options.boolean('checkValues') ?? true
  const regions = options.lists('regions', LABEL)
  const maskValue = options.number('maskValue', LABEL)
  if (regions !== undefined) {
    if (activation === 'softmax') {
      const actual = "activation 'softmax', under which classes cannot overlap"
      throw options.conflict(
        'regions',
        "activation 'sigmoid' or 'none'",
        actual,
        "pass activation: 'sigmoid' for logits",
      )
    }
    if (kind === 'per-class') {
      const actual = "target 'per-class', which holds the regions themselves"
      throw options.conflict('regions', 'a label map', actual, 'pass either regions or planes')
    }
    if (maskValue !== undefined) {
      throw options.conflict('maskValue', 'no regions', 'both', 'write the label into regions: [[255]]')
    }
  }
  if (maskValue !== undefined) {
    if (kind === 'per-class') {
      throw options.conflict('maskValue', 'labels', "target 'per-class'", 'divide the planes by this value instead')
    }
    if (maskValue === 0) {
      throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'maskValue', 'an integer other than 0', '0 is the background')
    }
    if (maskValue === ignoreIndex) {
      const actual = `ignoreIndex ${ignoreIndex} as well`
      throw options.conflict('maskValue', 'a label that counts', actual, 'pass different labels')
    }
  }
  const rules = {
    kind: regions === undefined ? kind : 'labels',
    labeled: ignoreIndex !== undefined || maskValue !== undefined,
  } as const
  return { activation, activations: allowed, layout, rules, ignoreIndex, maskValue, regions, checkValues }
}

function parseActivation(options: OptionValues, allowed: readonly Activation[], instead: string): Activation {
  const value = options.raw('activation')
  if (allowed.includes(value as Activation)) return value as Activation
  const expected = alternatives(allowed)
  if (value === undefined) {
    const remedy = "say what maskloss is to apply to the prediction, 'none' if it holds probabilities"
    throw options.error('ERR_MASKLOSS_OPTION_MISSING', 'activation', expected, remedy)
  }
  if (value === 'softmax' || value === 'sigmoid') {
    throw options.conflict('activation', expected, describe(value), instead)
  }
  const code = typeof value === 'string' ? 'ERR_MASKLOSS_OPTION_VALUE' : 'ERR_MASKLOSS_OPTION_TYPE'
  throw options.error(code, 'activation', expected, "'none' means that the prediction holds probabilities")
}

/** Checks an option that only means something where a number of classes is known. */
export function checkClassCount(plan: Whole, classes: number): void {
  const { activation, activations, regions, maskValue } = plan
  if (activation === 'softmax' && classes === 1) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'activation',
      expected: 'two or more classes to take a softmax over',
      actual: 'one class',
      remedy: activations.includes('sigmoid') ? "pass activation: 'sigmoid'" : 'use binaryCrossEntropyLoss',
    })
  }
  if (regions !== undefined && regions.length !== classes) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'regions',
      expected: `one region a class of the prediction (${classes})`,
      actual: `${regions.length}`,
      remedy: 'list the labels of every class, in the order of the channels',
    })
  }
  if (maskValue !== undefined && classes > 1) {
    throw masklossError({
      code: 'ERR_MASKLOSS_OPTION_CONFLICT',
      argument: 'maskValue',
      expected: 'a prediction of one class',
      actual: `${classes} classes`,
      remedy: 'it names the foreground of a binary mask; use regions to map labels to classes',
    })
  }
}

/** Checks that a list has one element a class. */
export function perClassList(
  options: OptionValues,
  name: string,
  values: readonly number[] | undefined,
  classes: number,
): readonly number[] | undefined {
  if (values === undefined || values.length === classes) return values
  throw options.conflict(
    name,
    `one number a class of the prediction (${classes})`,
    `${values.length}`,
    'it is indexed by class id and always has all classes, also those that do not count',
  )
}

/** A number for all classes, a list of one a class, or a rule that gives such a list. */
export type PerClass = number | readonly number[] | ((classes: number) => readonly number[])

/** The list of one a class. */
export function perClass(options: OptionValues, name: string, value: PerClass, classes: number): readonly number[] {
  if (typeof value === 'number') return Array.from({ length: classes }, () => value)
  return typeof value === 'function'
    ? value(classes)
    : (perClassList(options, name, value, classes) as readonly number[])
}
