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
import { workloads, type Tensors } from './workloads.ts'

export interface PeerRow {
  readonly peer: string
  readonly name: string
  readonly mode: Mode
  readonly threads: number
  readonly taken: Summary
  /** null: none, or no finite one. */
  readonly loss: number | null
  /** The same with us, right after. */
  readonly ours: Summary
  readonly ourLoss: number
}

export interface Peers {
  readonly rows: PeerRow[]
  /** What ended before it was done, and how. */
  readonly broken: string[]
}

type Measured = Omit<PeerRow, 'ours' | 'ourLoss'>

/** What the parent has to know: how to measure us, and where to tell what goes on. */
interface Parent {
  measureOurs(name: string, threads: number): Promise<readonly Row[]>
  say(line: string): void
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
/** What it ends with where it does not have the workload. */
const NO_WORKLOAD = 78
/** A loss that is further from ours, relatively, is another number: another formula, or sums that have lost their digits. */
const TOLERANCE = 1e-4
const FOLDER = fileURLToPath(new URL('../../benchmark/peers', import.meta.url))

const apart = ({ loss, ourLoss }: PeerRow): number => Math.abs((loss ?? NaN) / ourLoss - 1)

/** Whether a peer has computed another number than we. */
export const differs = (row: PeerRow): boolean => !(apart(row) <= TOLERANCE)

/** Writes the tensors of every wanted workload and runs each peer on them, us after each of them: the machine may have changed. */
export async function measurePeers(setting: Setting, threads: readonly number[], parent: Parent): Promise<Peers> {
  const folder = mkdtempSync(join(tmpdir(), 'maskloss-peers-'))
  const peers: Peers = { rows: [], broken: [] }
  try {
    for (const workload of workloads(setting.small)) {
      const { name, shape } = workload
      if (!isWanted(setting.only, name) || name === 'W5c') continue
      const at = join(folder, name)
      mkdirSync(at)
      writeTensors(at, shape, workload.make())
      for (const script of PEERS) {
        for (const count of threads) {
          const task = { folder: at, name, threads: count, ...raceOptions(setting) }
          const { rows, broken } = await runPeer(script, task, setting.python, parent)
          if (broken !== undefined) peers.broken.push(`${script} at ${name}, ${count} threads: ${broken}`)
          if (rows.length === 0) continue
          const ours = bestRows(await parent.measureOurs(name, count))
          for (const row of rows) {
            const own = ours.get(`${workloadKey(name, row.mode)} ${count}`)!
            peers.rows.push({ ...row, ours: own.ours, ourLoss: own.loss })
          }
        }
      }
      rmSync(at, { recursive: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return peers
}

/** Into files, so that this process does not hold what each peer holds too. */
function writeTensors(folder: string, shape: readonly number[], { prediction, target }: Tensors): void {
  writeFileSync(join(folder, 'prediction.bin'), prediction)
  writeFileSync(join(folder, 'target.bin'), target)
  const dtype = (array: object): string => (array instanceof Float32Array ? 'float32' : 'uint8')
  const tensors = { shape, prediction: dtype(prediction), target: dtype(target) }
  writeFileSync(join(folder, 'tensors.json'), JSON.stringify(tensors))
}

const leftOut = new Set<string>()

/** One process for one workload: a line of JSON for each mode, on stdout. What it printed before it broke counts. */
function runPeer(
  script: string,
  task: object,
  python: string,
  parent: Parent,
): Promise<{ rows: Measured[]; broken?: string }> {
  if (leftOut.has(script)) return Promise.resolve({ rows: [] })
  const program = script.endsWith('.mjs') ? process.execPath : python
  return new Promise((resolve) => {
    const child = spawn(program, [join(FOLDER, script), JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (text) => (output += String(text)))
    child.stderr.on('data', (text) => (errors += String(text)))
    child.on('error', (error) => {
      leftOut.add(script)
      parent.say(`${script} left out: ${error.message}`)
      resolve({ rows: [] })
    })
    child.on('close', (code, signal) => {
      const rows = output
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Measured)
      for (const { peer, name, mode, threads, taken } of rows) {
        parent.say(`${peer} ${threads}t ${name} ${describeMode(mode)}: ${duration(taken.median)}`)
      }
      if (code === 0) return resolve({ rows })
      const lines = errors.trim().split('\n')
      if (code === NOT_INSTALLED || code === NO_WORKLOAD) {
        if (code === NOT_INSTALLED) leftOut.add(script)
        parent.say(`${script} left out: ${lines.at(-1)}`)
        return resolve({ rows })
      }
      // Python ends with the error, Node with its version.
      const lastWords = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
      const memory = signal === 'SIGKILL' ? ', perhaps for want of memory' : ''
      const broken = `ended by ${signal ?? `exit code ${code}`}${memory}${lastWords ? `: ${lastWords}` : ''}`
      parent.say(`${script} ${broken}`)
      resolve({ rows, broken })
    })
  })
}

/** The peers beside our best level, with how many times longer each takes and how far its loss is from ours. */
export function peerTable({ rows, broken }: Peers): string {
  const cells = [['', '', 'threads', 'median', 'ours', 'theirs / ours', 'loss apart', '']]
  const ordered = rows.toSorted((a, b) => a.name.localeCompare(b.name) || a.mode.localeCompare(b.mode))
  for (const row of ordered) {
    const { name, mode, peer, threads, taken, ours } = row
    cells.push([
      `${name} ${describeMode(mode)}`,
      peer,
      `${threads}`,
      duration(taken.median),
      duration(ours.median),
      `${(taken.median / ours.median).toFixed(1)}×`,
      apart(row).toExponential(1),
      differs(row) ? '≠' : '',
    ])
  }
  const different = rows.some(differs) ? `  ≠: further than ${TOLERANCE} from ours, another number\n` : ''
  const ended = broken.map((line) => `  ${line}\n`).join('')
  return `How much slower are other libraries?\n${align(cells)}\n${different}${ended}`
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
