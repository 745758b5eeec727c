/** The options of `maskloss score`: one table that the parser, the help and the documentation are made from. */

import { parseArgs, type ParseArgsConfig } from 'node:util'

import { lossNames, losses, type LossName } from './losses.ts'
import { UsageError } from './usage.ts'

export interface OptionRow {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in the help. */
  readonly value?: string
  readonly group: 'Data' | 'Scores' | 'Output' | 'Limits' | 'Help'
  readonly text: string
  readonly fallback?: string
}

/** A row with its name, without the dashes. */
export interface NamedOption extends OptionRow {
  readonly name: string
}

/** Every option, in the order of the help. */
const optionTable = {
  predictions: {
    type: 'string',
    value: 'PATH',
    group: 'Data',
    text: 'A file or a folder of files: label maps or class scores. The same as the first argument.',
  },
  references: {
    type: 'string',
    value: 'PATH',
    group: 'Data',
    text: 'The file or folder of true label maps. The same as the second argument.',
  },
  key: {
    type: 'string',
    value: 'NAME',
    group: 'Data',
    text: 'The array to read from .npz archives.',
    fallback: 'the only one',
  },
  activation: {
    type: 'string',
    value: 'none|sigmoid|softmax',
    group: 'Data',
    text: 'What to apply to class scores; none: they are probabilities. Needed for losses and for a single class.',
  },
  layout: {
    type: 'string',
    value: 'LETTERS',
    group: 'Data',
    text: 'The axes of class scores, such as HWC: whether the class axis C comes first or last.',
    fallback: 'C first',
  },
  'ignore-affine': {
    type: 'boolean',
    group: 'Data',
    text: 'Compare NIfTI volumes that lie at different places in space.',
  },
  labels: {
    type: 'string',
    value: 'LIST',
    group: 'Scores',
    text: 'The labels to score, such as 1,2,3.',
    fallback: 'all that occur in the references, without 0',
  },
  losses: {
    type: 'string',
    value: 'LIST',
    group: 'Scores',
    text: `Losses of class scores: ${lossNames.join(', ')}.`,
  },
  'ignore-index': {
    type: 'string',
    value: 'LABEL',
    group: 'Scores',
    text: 'Leave out the pixels that have this label in the reference.',
  },
  'include-background': {
    type: 'boolean',
    group: 'Scores',
    text: 'Score label 0 too, and count it in the means.',
  },
  format: {
    type: 'string',
    value: 'table|json|csv',
    group: 'Output',
    text: 'How to write the result.',
    fallback: 'table',
  },
  output: {
    type: 'string',
    value: 'FILE',
    group: 'Output',
    text: 'Write the result to a file, whole or not at all.',
    fallback: 'standard output',
  },
  'no-progress': {
    type: 'boolean',
    group: 'Output',
    text: 'Show no progress on standard error, where it shows only when that is a terminal.',
  },
  threads: {
    type: 'string',
    value: 'COUNT',
    group: 'Limits',
    text: 'Files read at once, and threads that compute.',
    fallback: 'one a core',
  },
  'max-pixels': {
    type: 'string',
    value: 'COUNT',
    group: 'Limits',
    text: 'Refuse PNG images of more pixels.',
    fallback: '268435456',
  },
  'max-bytes': {
    type: 'string',
    value: 'COUNT',
    group: 'Limits',
    text: 'Refuse arrays of more bytes; twice as many may be in memory at once.',
    fallback: '4294967296',
  },
  help: { type: 'boolean', group: 'Help', text: 'Show this help.' },
  version: { type: 'boolean', group: 'Help', text: 'Show the version of maskloss and the engine it computes on.' },
} as const satisfies Record<string, OptionRow>

/** The table as rows of one type. */
export const optionRows: readonly NamedOption[] = Object.entries(optionTable).map(([name, row]) => ({ name, ...row }))

const activations = ['none', 'sigmoid', 'softmax'] as const
const formats = ['table', 'json', 'csv'] as const
/** One sample a file: an N in front stands for an axis of length 1. */
const layouts = ['CW', 'WC', 'CHW', 'HWC', 'CDHW', 'DHWC', 'NCW', 'NWC', 'NCHW', 'NHWC', 'NCDHW', 'NDHWC'] as const

/** What one run is to do. */
export interface ScoreOptions {
  readonly predictions: string
  readonly references: string
  readonly key: string | undefined
  readonly activation: (typeof activations)[number] | undefined
  readonly layout: (typeof layouts)[number] | undefined
  readonly ignoreAffine: boolean
  readonly labels: readonly number[] | undefined
  readonly losses: readonly LossName[]
  readonly ignoreIndex: number | undefined
  readonly includeBackground: boolean
  readonly format: (typeof formats)[number]
  readonly output: string | undefined
  readonly progress: boolean
  readonly threads: number | undefined
  readonly maxPixels: number | undefined
  readonly maxBytes: number | undefined
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  if ((allowed as readonly string[]).includes(value)) return value as T
  throw new UsageError(`Expected one of ${allowed.join(', ')} for --${name} but found ${JSON.stringify(value)}`)
}

function integer(name: string, value: string, least: number): number {
  const number = Number(value)
  if (/^[+-]?\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number
  const range = least === -Infinity ? 'an integer' : `an integer from ${least}`
  throw new UsageError(`Expected ${range} for --${name} but found ${JSON.stringify(value)}`)
}

function list<T>(name: string, value: string, parse: (part: string) => T): T[] {
  const parts = value.split(',').map((part) => parse(part.trim()))
  if (new Set(parts).size < parts.length) {
    throw new UsageError(`Expected each entry of --${name} once but found ${JSON.stringify(value)}`)
  }
  return parts
}

/** Reads the arguments after `score`; `'help'` or `'version'` where they ask for it. */
export function parseScoreOptions(args: readonly string[]): ScoreOptions | 'help' | 'version' {
  let parsed
  try {
    const options: ParseArgsConfig['options'] = Object.fromEntries(optionRows.map(({ name, type }) => [name, { type }]))
    parsed = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const { positionals } = parsed
  const values = parsed.values as { [Name in keyof typeof optionTable]?: string | boolean }
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  const given = <T>(name: keyof typeof optionTable, read: (value: string) => T): T | undefined => {
    const value = values[name]
    return typeof value === 'string' ? read(value) : undefined
  }
  const text = (value: string) => value

  const paths = [...positionals]
  const predictions = given('predictions', text) ?? paths.shift()
  const references = given('references', text) ?? paths.shift()
  if (predictions === undefined || references === undefined || paths.length > 0) {
    const found = paths.length > 0 ? `also ${JSON.stringify(paths[0])}` : `${positionals.length} of them`
    throw new UsageError(`Expected two paths, PREDICTIONS and REFERENCES, but found ${found}`)
  }
  const options: ScoreOptions = {
    predictions,
    references,
    key: given('key', text),
    activation: given('activation', (value) => oneOf('activation', activations, value)),
    layout: given('layout', (value) => oneOf('layout', layouts, value)),
    ignoreAffine: values['ignore-affine'] === true,
    labels: given('labels', (value) => list('labels', value, (part) => integer('labels', part, -Infinity))),
    losses: given('losses', (value) => list('losses', value, (part) => oneOf('losses', lossNames, part))) ?? [],
    ignoreIndex: given('ignore-index', (value) => integer('ignore-index', value, -Infinity)),
    includeBackground: values['include-background'] === true,
    format: given('format', (value) => oneOf('format', formats, value)) ?? 'table',
    output: given('output', text),
    progress: values['no-progress'] !== true,
    threads: given('threads', (value) => integer('threads', value, 1)),
    maxPixels: given('max-pixels', (value) => integer('max-pixels', value, 1)),
    maxBytes: given('max-bytes', (value) => integer('max-bytes', value, 1)),
  }
  if (options.losses.length > 0 && options.activation === undefined) {
    throw new UsageError('Expected --activation with --losses but found none; say what the class scores need')
  }
  for (const name of options.losses) {
    const allowed = losses[name].activations
    if (options.activation !== undefined && !allowed.includes(options.activation)) {
      const expected = `--activation ${allowed.join(' or ')} with the loss ${name}`
      throw new UsageError(`Expected ${expected} but found ${options.activation}`)
    }
  }
  return options
}
