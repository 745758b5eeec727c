/** What the command line asks for; every process of a run gets the same. */
import { parseArgs } from 'node:util'

import type { RaceOptions } from './race.ts'
import type { Suite } from './rows.ts'

export interface Setting {
  readonly suites: readonly Suite[]
  readonly only: readonly string[] | undefined
  readonly levels: readonly string[] | undefined
  readonly threads: readonly number[] | undefined
  readonly small: boolean
  readonly quick: boolean
  readonly reference: boolean
  readonly memory: boolean
  readonly peers: boolean
  readonly python: string
  readonly json: string | undefined
  readonly svg: string | undefined
  readonly markdown: boolean
  readonly from: string | undefined
}

export const HELP = `npm run bench -- [options]

Answers: how far above the memory's own speed is each workload, and how far below plain TypeScript?

  --only W2,W3       these workloads (W5: the function and W5c: the criterion, W6a, W6b, W7a: 8 and W7b: 150 classes)
  --levels avx2,…    these SIMD levels (default: all of this processor)
  --threads 1,2      these numbers of threads (default: 1 and all)
  --quick            fewer repetitions      --small      W7 on 256³ instead of 512³
  --no-reference     without the plain TypeScript engine
  --peers            the libraries that are installed here, on the same tensors; --python FILE: with this interpreter
  --scaling          time against 10³ to 10⁹ pixels (from 10⁸ elements on a stream of calls), and against threads
  --classes          1 to 1000 classes at a fixed number of elements
  --dtypes           every type of label against bytes
  --layouts          channels last against channels first
  --compounds        Dice + CE, and three losses, against Dice alone
  --memory           peak memory beyond the arrays of a call
  --all              all of these
  --json FILE        everything that was measured        --svg FILE    the chart
  --markdown         the tables of the README, of the best level on all threads
  --from FILE        shows what --json has kept, and measures nothing
`

const flag = { type: 'boolean' } as const
const text = { type: 'string' } as const

/** Reads the command line; undefined: help was asked for. */
export function parseSetting(args: readonly string[]): Setting | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: text,
      levels: text,
      threads: text,
      python: text,
      json: text,
      from: text,
      markdown: flag,
      svg: text,
      small: flag,
      quick: flag,
      'no-reference': flag,
      peers: flag,
      scaling: flag,
      classes: flag,
      dtypes: flag,
      layouts: flag,
      compounds: flag,
      memory: flag,
      all: flag,
      help: flag,
    },
  })
  if (values.help === true) return undefined
  const suites = ['scaling', 'classes', 'dtypes', 'layouts', 'compounds'] as const
  const extra = suites.filter((suite) => values[suite] || values.all)
  // A suite named alone is run alone.
  const main = values.all || values.only !== undefined || values.peers || (extra.length === 0 && !values.memory)
  return {
    suites: [...(main ? (['workloads'] as const) : []), ...extra],
    only: list(values.only),
    levels: list(values.levels),
    threads: list(values.threads)?.map(Number),
    small: values.small ?? false,
    quick: values.quick ?? false,
    reference: !values['no-reference'],
    memory: values.memory ?? values.all ?? false,
    peers: values.peers ?? values.all ?? false,
    python: values.python ?? 'python3',
    json: values.json,
    svg: values.svg,
    markdown: values.markdown ?? false,
    from: values.from,
  }
}

const list = (value: string | undefined): string[] | undefined => value?.split(',').map((part) => part.trim())

/** Whether a workload is wanted: by its name, or by the number it shares with others. */
export function isWanted(only: readonly string[] | undefined, name: string): boolean {
  return only === undefined || only.some((wanted) => wanted === name || wanted === name.replace(/[a-z]$/, ''))
}

/** How often to repeat. */
export function raceOptions({ quick }: Setting): RaceOptions {
  return quick ? { rounds: 7, budget: 4000 } : { rounds: 31, budget: 30_000 }
}
