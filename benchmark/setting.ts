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
}

export const HELP = `npm run bench -- [options]

Answers: how far above the memory's own speed is each workload, and how far below plain TypeScript?

  --only W2,W3       these workloads (W5: the function and W5c: the criterion, W6a, W6b, W7a: 8 and W7b: 150 classes)
  --levels avx2,…    these SIMD levels (default: all of this processor)
  --threads 1,2      these numbers of threads (default: 1 and all)
  --quick            fewer repetitions      --small      W7 on 256³ instead of 512³
  --no-reference     without the plain TypeScript engine
  --peers            the libraries that are installed here, on the same tensors; --python FILE: with this interpreter
  --scaling          time against pixels, classes and threads
  --classes          2 to 150 classes at a fixed number of elements
  --dtypes           every type of label against bytes
  --layouts          channels last against channels first
  --memory           peak memory beyond the arrays of a call
  --all              all of these
  --json FILE        everything that was measured        --svg FILE    the chart
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
      svg: text,
      small: flag,
      quick: flag,
      'no-reference': flag,
      peers: flag,
      scaling: flag,
      classes: flag,
      dtypes: flag,
      layouts: flag,
      memory: flag,
      all: flag,
      help: flag,
    },
  })
  if (values.help === true) return undefined
  const extra = (['scaling', 'classes', 'dtypes', 'layouts'] as const).filter((suite) => values[suite] || values.all)
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
