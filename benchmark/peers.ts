/**
 * How much faster than other libraries, on the same tensors in the same run? Each library is a process of its own under `peers/`; one
 * that is not installed is left out with a word. A peer gets its own favorite types (labels as int64 for PyTorch), converted before
 * the clock starts.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Summary } from './race.ts'
import { describeMode, workloadKey, type Mode, type Row } from './rows.ts'
import { isWanted, raceOptions, type Setting } from './setting.ts'
import { align, duration } from './table.ts'
import { workloads } from './workloads.ts'

export interface PeerRow {
  readonly peer: string
  readonly name: string
  readonly mode: Mode
  readonly threads: number
  readonly taken: Summary
  readonly loss: number
}

const PEERS = [
  'torch_eager.py',
  'torch_compile.py',
  'monai_losses.py',
  'numba_fused.py',
  'jax_jit.py',
  'tf_xla.py',
  'tfjs_wasm.mjs',
]

/** What a script ends with where its library is not installed. */
const NOT_INSTALLED = 77
const FOLDER = fileURLToPath(new URL('../../benchmark/peers', import.meta.url))

/** Writes the tensors of every wanted workload and runs each peer on them. */
export async function measurePeers(
  setting: Setting,
  threads: readonly number[],
  say: (line: string) => void,
): Promise<PeerRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'maskloss-peers-'))
  const rows: PeerRow[] = []
  try {
    for (const workload of workloads(setting.small)) {
      const { name, shape } = workload
      if (!isWanted(setting.only, name) || name === 'W5c') continue
      const at = join(folder, name)
      mkdirSync(at)
      const { prediction, target } = workload.make()
      writeFileSync(join(at, 'prediction.bin'), prediction)
      writeFileSync(join(at, 'target.bin'), target)
      const dtype = (array: object): string => (array instanceof Float32Array ? 'float32' : 'uint8')
      const tensors = { shape, prediction: dtype(prediction), target: dtype(target) }
      writeFileSync(join(at, 'tensors.json'), JSON.stringify(tensors))
      for (const peer of PEERS) {
        for (const count of threads) {
          const task = { folder: at, name, threads: count, ...raceOptions(setting) }
          rows.push(...(await runPeer(peer, task, setting.python, say)))
        }
      }
      rmSync(at, { recursive: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return rows
}

const leftOut = new Set<string>()

/** One process for one workload: a line of JSON for each mode, on stdout. */
function runPeer(script: string, task: object, python: string, say: (line: string) => void): Promise<PeerRow[]> {
  if (leftOut.has(script)) return Promise.resolve([])
  const program = script.endsWith('.mjs') ? process.execPath : python
  return new Promise((resolve) => {
    const child = spawn(program, [join(FOLDER, script), JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (text) => (output += String(text)))
    child.stderr.on('data', (text) => (errors += String(text)))
    child.on('error', (error) => {
      leftOut.add(script)
      say(`${script} left out: ${error.message}`)
      resolve([])
    })
    child.on('close', (code) => {
      if (code !== 0) {
        if (code === NOT_INSTALLED) leftOut.add(script)
        say(`${script} left out: ${errors.trim().split('\n').at(-1)}`)
        resolve([])
        return
      }
      const rows = output
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as PeerRow)
      for (const { peer, name, mode, threads, taken } of rows) {
        say(`${peer} ${threads}t ${name} ${describeMode(mode)}: ${duration(taken.median)}`)
      }
      resolve(rows)
    })
  })
}

/** The peers beside our best level, with how many times longer each takes and how far its loss is from ours. */
export function peerTable(rows: readonly Row[], peers: readonly PeerRow[]): string {
  const ours = bestRows(rows)
  const cells = [['', '', 'threads', 'median', 'ours', 'theirs / ours', 'loss apart']]
  const ordered = peers.toSorted((a, b) => a.name.localeCompare(b.name) || a.mode.localeCompare(b.mode))
  for (const { name, mode, peer, threads, taken, loss } of ordered) {
    const own = ours.get(`${workloadKey(name, mode)} ${threads}`)
    cells.push([
      `${name} ${describeMode(mode)}`,
      peer,
      `${threads}`,
      duration(taken.median),
      own === undefined ? '' : duration(own.ours.median),
      own === undefined ? '' : `${(taken.median / own.ours.median).toFixed(1)}×`,
      own === undefined ? '' : Math.abs(loss / own.loss - 1).toExponential(1),
    ])
  }
  return `How much slower are other libraries?\n${align(cells)}\n`
}

/** By workload, mode and threads; levels come best first. */
export function bestRows(rows: readonly Row[]): Map<string, Row> {
  const best = new Map<string, Row>()
  for (const row of rows) {
    const key = `${workloadKey(row.name, row.mode)} ${row.threads}`
    if (row.suite === 'workloads' && !best.has(key)) best.set(key, row)
  }
  return best
}
