/** How far above the memory's own speed is each workload, and how far below plain TypeScript and other libraries? `--help` */
import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

import { simdLevels } from './floor.ts'
import { readmeTables } from './markdown.ts'
import type { Task } from './measure.ts'
import type { Memory } from './memory.ts'
import { bestRows, measurePeers, peerTable, type Peers } from './peers.ts'
import { describeMode, timesFloor, workloadKey, type Row } from './rows.ts'
import { HELP, parseSetting, type Setting } from './setting.ts'
import { chart } from './svg.ts'
import { duration, tables } from './table.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Runs one process; its rows come as they are measured. */
function measureIn(task: Task): Promise<{ rows: Row[]; memory: Memory[] }> {
  const rows: Row[] = []
  const memory: Memory[] = []
  const { MASKLOSS_THREADS: _, ...environment } = process.env
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./measure.js', import.meta.url)), {
      env: { ...environment, MASKLOSS_BACKEND: 'native', MASKLOSS_SIMD: task.level },
      execArgv: ['--expose-gc'],
    })
    child.on('message', (message: Row | { memory: Memory[] }) => {
      if ('memory' in message) memory.push(...message.memory)
      else {
        rows.push(message)
        say(progress(message))
      }
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0) resolve({ rows, memory })
      else reject(new Error(`The process of ${task.level} ended with ${signal ?? `exit code ${code}`}`))
    })
    child.send(task)
  })
}

function progress(row: Row): string {
  const floors = timesFloor(row)
  const above = Number.isNaN(floors) ? '' : `, ${floors.toFixed(2)} × floor`
  return `${row.level} ${row.threads}t ${row.name} ${describeMode(row.mode)} ${row.title}: ${duration(row.ours.median)}${above}`
}

/** What `--json` keeps. */
interface Run {
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly levels: string[] }
  readonly setting: Setting
  readonly rows: Row[]
  readonly peers: Peers
  readonly memory: Memory[]
}

async function measureAll(setting: Setting): Promise<Run> {
  const available = simdLevels()
  const levels = setting.levels ?? available
  const unknown = levels.filter((level) => !available.includes(level))
  if (unknown.length > 0)
    throw new Error(`Expected levels of this processor (${available.join(', ')}), got ${unknown.join(', ')}`)
  const threads = setting.threads ?? [...new Set([1, availableParallelism()])]
  const rows: Row[] = []
  for (const level of levels) {
    const task = { setting, level, threads, best: level === levels[0], memory: false }
    const measured = (await measureIn(task)).rows
    // The plain engine has no levels: it is measured beside the best one.
    const plain = bestRows(rows)
    for (const row of measured) {
      rows.push({
        ...row,
        reference: row.reference ?? plain.get(`${workloadKey(row.name, row.mode)} ${row.threads}`)?.reference,
      })
    }
  }
  const best = { setting, level: levels[0]!, threads, best: true, memory: false }
  const memory = setting.memory ? (await measureIn({ ...best, memory: true })).memory : []
  const measureOurs = async (name: string, count: number): Promise<Row[]> => {
    const alone = { ...setting, suites: ['workloads'], only: [name], reference: false } as const
    return (await measureIn({ ...best, setting: alone, threads: [count] })).rows
  }
  const peers = setting.peers ? await measurePeers(setting, threads, { measureOurs, say }) : { rows: [], broken: [] }
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor'
  const machine = { cpu, cores: availableParallelism(), node: process.version, levels: available }
  return { date: new Date().toISOString(), machine, setting, rows, peers, memory }
}

function show({ date, machine, setting, rows, peers, memory }: Run, { markdown, svg }: Setting): void {
  const place = `${machine.cpu}, ${machine.cores} cores`
  console.log(`${place}, Node ${machine.node}, ${date.slice(0, 10)}; medians of a call\n`)
  if (markdown) console.log(readmeTables(rows, peers.rows, setting.small))
  else {
    console.log(tables(rows))
    if (peers.rows.length + peers.broken.length > 0) console.log(peerTable(peers))
  }
  for (const { workload, extra } of memory) {
    const found = extra === undefined ? 'not known on this system' : `${(extra / 2 ** 20).toFixed(2)} MiB`
    console.log(`Peak memory of ${workload} beyond its arrays: ${found}`)
  }
  if (svg !== undefined) writeFileSync(svg, chart(rows, peers.rows, `${machine.cpu}, ${date.slice(0, 10)}`))
}

async function main(setting: Setting): Promise<void> {
  const { from, json } = setting
  const run = from === undefined ? await measureAll(setting) : (JSON.parse(readFileSync(from, 'utf8')) as Run)
  // Kept first: a table can be made again.
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(run, undefined, 2)}\n`)
  show(run, setting)
}

try {
  const setting = parseSetting(process.argv.slice(2))
  if (setting === undefined) console.log(HELP)
  else await main(setting)
} catch (error) {
  say(`maskloss: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
