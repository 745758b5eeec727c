/** What nnU-Net's losses have in common: `[N, C, …]`, a negated Dice, compounds with factors. */
import { list } from '../../describe.ts'
import type { Activation, CriterionSpec, FloatArray, RegionTerm, Term } from '../../engine.ts'
import { masklossError } from '../../errors.ts'
import { INTEGER, NON_NEGATIVE } from '../../options.ts'
import type { Grid, Target } from '../arrange.ts'
import type { Job } from '../convention.ts'
import { sigmoid, softmax, type Path } from '../path.ts'
import { flag, number, only, orNull, type Read, type Reader } from '../reader.ts'
import { classIds, criterion, region } from '../terms.ts'
import { clippedDice } from './clipped-dice.ts'

/** What both Dice losses take, alone and as `softDiceKwargs`. */
export interface SoftDiceOptions {
  /** Pools the samples. Default `false`. */
  readonly batchDice?: boolean | undefined
  /** `false` leaves class 0 out. Default `true`. */
  readonly doBg?: boolean | undefined
  /** s ≥ 0. Default 1. */
  readonly smooth?: number | undefined
  /** Only `false`: there is one process. */
  readonly ddp?: false | undefined
}

/** Dice with a bound. */
export interface ClippedDiceOptions extends SoftDiceOptions {
  /** Lower bound of I in numerator and denominator; of `SoftDiceLoss` only, computed in TypeScript. Default `null`: none. */
  readonly clipTp?: number | null | undefined
}

/** The factors of a compound. */
export interface FactorOptions {
  /** Default 1. */
  readonly weightCe?: number | undefined
  /** Default 1. */
  readonly weightDice?: number | undefined
}

/** The two Dice losses. */
export type DiceClass = 'SoftDiceLoss' | 'MemoryEfficientSoftDiceLoss'

/** The readers of `SoftDiceOptions`. */
export const DICE: {
  readonly batchDice: Reader<boolean>
  readonly doBg: Reader<boolean>
  readonly smooth: Reader<number>
  readonly ddp: Reader<false>
} = {
  batchDice: flag(false),
  doBg: flag(true),
  smooth: number(1, NON_NEGATIVE),
  ddp: only(false, 'one process computes the loss: leave ddp out'),
}
/** The readers of `ClippedDiceOptions`. */
export const CLIPPED_DICE: typeof DICE & { readonly clipTp: Reader<number | undefined, number | null> } = {
  ...DICE,
  clipTp: orNull(number(0, NON_NEGATIVE)),
}
/** The readers of `FactorOptions`. */
export const FACTORS: { readonly weightCe: Reader<number>; readonly weightDice: Reader<number> } = {
  weightCe: number(1),
  weightDice: number(1),
}
/** The names of the Dice losses. */
export const DICE_CLASSES: readonly DiceClass[] = ['SoftDiceLoss', 'MemoryEfficientSoftDiceLoss']
/** A label, or none. */
export const LABEL: Reader<number | undefined, number | null> = orNull(number(0, INTEGER))

/** Dice's options as they are read. */
export interface Dice extends Read<typeof DICE> {
  readonly clipTp?: number | undefined
}

/** What every term of a loss reads. */
export interface Tensors extends Target {
  readonly grid: Grid
  readonly pixelWeights: FloatArray | undefined
}

/** How the target is read, beside the activation. */
export type Reading = Partial<Pick<CriterionSpec, 'ignoreIndex' | 'regions'>>

/** One term as a job, under its name in the result. */
export function job(tensors: Tensors, activation: Activation, term: Term, name: string, reading: Reading = {}): Job {
  const spec = criterion({ activation, classes: tensors.grid.classes, terms: [term], ...reading })
  return { ...tensors, spec, names: [[name, 1]] }
}

/** The Dice term as a job. With `clipTp` both activation and sums are TypeScript's. */
export function diceJob(
  tensors: Tensors,
  activation: Activation,
  options: Dice,
  weight: number,
  reading: Reading = {},
): Job {
  const { grid } = tensors
  const term = { ...diceTerm(options, grid.classes), weight }
  if (options.clipTp === undefined) return job(tensors, activation, term, 'dice', reading)
  const activated = { ...tensors, grid: { ...grid, path: activate(grid, activation) } }
  const own = clippedDice(term, options.clipTp, reading.ignoreIndex)
  return { ...job(activated, 'none', term, 'dice', reading), own }
}

function diceTerm({ batchDice, doBg, smooth }: Dice, classes: number): RegionTerm {
  if (!doBg && classes === 1) throw conflict('doBg', 'more than one class', 'one class', 'leave doBg out')
  return region({
    classes: classIds(classes, doBg),
    transform: 'negative',
    smoothNumerator: smooth,
    smoothDenominator: smooth,
    floor: 1e-8,
    scorePer: batchDice ? 'class' : 'sample-class',
  })
}

function activate({ path, pixels, classes }: Grid, activation: Activation): Path {
  if (activation === 'softmax') return softmax(path, pixels, classes)
  return activation === 'sigmoid' ? sigmoid(path) : path
}

/** Refuses `[N, C]` of the Dice class whose sum over no axes is, in PyTorch, one over samples and classes too. */
export function checkSpatial({ shape, spatial }: Grid, diceClass: DiceClass): void {
  if (diceClass === 'SoftDiceLoss' || spatial.length > 0) return
  throw masklossError({
    code: 'ERR_MASKLOSS_SHAPE',
    argument: 'prediction',
    expected: `[N, C, …] with an axis of pixels for ${diceClass}`,
    actual: list(shape),
    remedy: 'add an axis of extent 1, or take SoftDiceLoss',
  })
}

/** Refuses `clipTp` where the class of Dice has no such option. */
export function checkDiceClass(diceClass: DiceClass, { clipTp }: Dice): void {
  if (diceClass === 'SoftDiceLoss' || clipTp === undefined) return
  throw conflict('softDiceKwargs.clipTp', "diceClass 'SoftDiceLoss'", `'${diceClass}'`, 'leave clipTp out')
}

/** The error for options that contradict each other or the number of classes. To be thrown. */
export function conflict(argument: string, expected: string, actual: string, remedy: string): Error {
  return masklossError({ code: 'ERR_MASKLOSS_OPTION_CONFLICT', argument, expected, actual, remedy })
}
