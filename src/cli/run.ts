/** The program: arguments in, text and a status out. */

import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'

import { runtime } from '../index.ts'
import { csvOf } from './csv.ts'
import { help, shortHelp } from './help.ts'
import { jsonOf } from './json.ts'
import { visible } from './names.ts'
import { parseScoreOptions } from './options.ts'
import { outputAt } from './output.ts'
import { progressOn, type ProgressStream } from './progress.ts'
import type { Report } from './report.ts'
import { scoreFiles } from './score.ts'
import { plain, tableOf, type Style } from './table.ts'
import { UsageError } from './usage.ts'

/** Where the program writes. */
export interface Streams {
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly stderr: ProgressStream
  /** Whether a terminal is to be written on without colors and weights, see https://no-color.org. */
  readonly noColor: boolean
}

/** What the status says. */
export const status = { done: 0, failed: 2, incomplete: 3, interrupted: 130 } as const

const terminal: Style = { bold: (text) => styleText('bold', text), dim: (text) => styleText('dim', text) }

function version(): string {
  // Two folders up from the source and from what is built out of it.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function versionLine(): string {
  const { numerics, simd, threads } = runtime()
  return `maskloss ${version()} (${numerics}, ${simd}, ${threads} thread${threads === 1 ? '' : 's'})\n`
}

/** Runs the program; gives its exit status. */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  try {
    return await command(args, streams)
  } catch (error) {
    streams.stderr.write(failureText(error))
    return status.failed
  }
}

/** One sentence instead of a stack; only where the arguments are wrong does the help tell more. */
export function failureText(error: unknown): string {
  const sentence = `maskloss: ${visible(error instanceof Error ? error.message : String(error))}\n`
  return error instanceof UsageError ? `${sentence}See maskloss score --help\n` : sentence
}

async function command(args: readonly string[], streams: Streams): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined) {
    streams.stderr.write(shortHelp)
    return status.failed
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    streams.stdout.write(help())
    return status.done
  }
  if (name === '--version') {
    streams.stdout.write(versionLine())
    return status.done
  }
  if (name !== 'score') throw new UsageError(`Expected the command score but found ${JSON.stringify(name)}`)
  return score(rest, streams)
}

async function score(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseScoreOptions(args)
  if (options === 'help' || options === 'version') {
    streams.stdout.write(options === 'help' ? help() : versionLine())
    return status.done
  }
  // Before anything is read: what cannot be written would be computed for nothing.
  const write =
    options.output === undefined
      ? async (text: string) => void streams.stdout.write(text)
      : await outputAt(options.output, streams)
  // An engine that does not load, or an environment variable that it refuses, is no fault of a case.
  runtime()
  const progress = progressOn(streams.stderr, options.progress)
  let report: Report
  try {
    report = await scoreFiles(options, (done, total, name) => progress.show(done, total, name))
  } finally {
    progress.clear()
  }
  const toTerminal = options.output === undefined && streams.stdout.isTTY === true && !streams.noColor
  const text = {
    table: () => tableOf(report, toTerminal ? terminal : plain),
    csv: () => csvOf(report),
    json: () => jsonOf(report, version()),
  }[options.format]()
  await write(text)
  if (
    options.losses.length > 0 &&
    report.cases.length > 0 &&
    report.cases.every(({ losses }) => losses === undefined)
  ) {
    streams.stderr.write(
      'maskloss: --losses has no effect: every prediction scored is a label map, and losses need class scores\n',
    )
  }
  return report.errors.length > 0 ? status.incomplete : status.done
}
