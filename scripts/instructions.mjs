// `npm run instructions`: guards of speed that need no clock. The instructions an element takes, counted under callgrind, must be
// within 3 % of those in benchmark/instructions.json; vector code must be free of calls (vector-code.mjs). `--record` writes the
// table anew.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at, root, run, rustHalf, say } from './project.mjs'
import { findCalls } from './vector-code.mjs'

const TABLE = at('benchmark/instructions.json')
// Valgrind knows no AVX-512: that level has vector-code.mjs alone.
const LEVELS = ['avx2', 'sse4.2', 'sse2']
const SLACK = 0.03
const RECORD = 'npm run instructions -- --record'
// The function whose calls are counted, as the demangler writes it.
const COUNTED = 'instructions::counted'

const exists = (program) => spawnSync(program, ['--version']).status === 0
const rustc = () => spawnSync('rustc', ['--version'], { cwd: root, encoding: 'utf8' }).stdout.trim()

/** Builds the program whose calls are counted; its path. */
async function build() {
  const options = '--locked --profile bench -p maskloss --features bench --bin instructions'.split(' ')
  const command = ['cargo', 'build', ...options, '--message-format=json-render-diagnostics']
  // Another target processor would have other instructions.
  const { code, output } = await run(command, { show: 'nowhere', env: { RUSTFLAGS: '' } })
  if (code !== 0) throw new Error('the program of the guards does not build; the reason stands above')
  const messages = output.split('\n').filter((line) => line.startsWith('{'))
  return messages.map((line) => JSON.parse(line).executable).find((path) => path?.includes('instructions'))
}

async function output(command, cwd = root) {
  const { code, output } = await run(command, { show: 'nowhere', cwd })
  if (code !== 0) throw new Error(`${command.join(' ')}: failed with exit code ${code}`)
  return output.trim().split('\n')
}

/** Counts every call of a level: `[[name, mode, level, instructions an element], …]`. */
async function countLevel(program, level) {
  const folder = mkdtempSync(join(tmpdir(), 'maskloss-instructions-'))
  try {
    // Counts inside of the function only, and writes a file whenever it returns.
    const options = [`--toggle-collect=${COUNTED}`, `--dump-after=${COUNTED}`, '--callgrind-out-file=counts']
    const lines = await output(['valgrind', '--quiet', '--tool=callgrind', ...options, program, level], folder)
    const calls = lines.map((line, index) => {
      const [name, mode, , elements] = line.split('\t')
      const counts = readFileSync(join(folder, `counts.${index + 1}`), 'utf8')
      return { name, mode, elements: Number(elements), instructions: Number(/^totals: (\d+)/m.exec(counts)[1]) }
    })
    // Two sizes, one after the other.
    return calls.flatMap((large, index) => {
      if (index % 2 === 0) return []
      const small = calls[index - 1]
      const each = (large.instructions - small.instructions) / (large.elements - small.elements)
      return [[large.name, large.mode, level, Number(each.toFixed(2))]]
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function countAll(program) {
  const available = await output(['valgrind', '--quiet', '--tool=none', program])
  const counts = await Promise.all(
    LEVELS.filter((level) => available.includes(level)).map((l) => countLevel(program, l)),
  )
  return { counts: counts.flat(), missing: LEVELS.filter((level) => !available.includes(level)) }
}

function record(counts) {
  const table = {}
  for (const [name, mode, level, each] of counts) ((table[name] ??= {})[level] ??= {})[mode] = each
  writeFileSync(TABLE, `${JSON.stringify({ rustc: rustc(), instructions: table }, undefined, 2)}\n`)
}

/** The table in the order and form of the counts. */
const recordedCounts = ({ instructions }) =>
  Object.entries(instructions).flatMap(([name, levels]) =>
    Object.entries(levels).flatMap(([level, modes]) =>
      Object.entries(modes).map(([mode, each]) => [name, mode, level, each]),
    ),
  )

const keyOf = ([name, mode, level]) => `${name}, ${mode}, ${level}`

/** Prints every count beside the recorded one, and says which one moved most; the tally of the checks. */
function compare(counts, recorded) {
  const before = new Map(recorded.map((row) => [keyOf(row), row[3]]))
  const now = new Map(counts.map((row) => [keyOf(row), row[3]]))
  const rows = [...new Set([...before.keys(), ...now.keys()])].map((key) => {
    const [was, is] = [before.get(key), now.get(key)]
    const change = was === undefined || is === undefined ? NaN : is / was - 1
    return { key, was, is, change, failed: !(Math.abs(change) <= SLACK) }
  })
  const percent = (change) => `${change < 0 ? '' : '+'}${(100 * change).toFixed(1)} %`
  for (const { key, was, is, change, failed } of rows) {
    const numbers = [was ?? 'not recorded', is ?? 'not counted', Number.isNaN(change) ? '' : percent(change)]
    console.log(
      `${failed ? 'FAILED ' : '       '}${key.padEnd(66)}${numbers.map((n) => String(n).padStart(14)).join('')}`,
    )
  }
  const [worst] = rows.filter(({ change }) => !Number.isNaN(change)).toSorted((a, b) => b.change - a.change)
  if (worst)
    console.log(`\nInstructions an element, recorded and now. The worst: ${worst.key}, ${percent(worst.change)}`)
  const failed = rows.filter((row) => row.failed)
  if (failed.some(({ change }) => change > SLACK)) console.log('More instructions than recorded: a regression.')
  if (failed.some(({ change }) => !(change > 0))) console.log(`Fewer, or other calls: keep that by \`${RECORD}\`.`)
  return { passed: rows.length - failed.length, failed: failed.length, skipped: 0 }
}

function readTable() {
  try {
    return JSON.parse(readFileSync(TABLE, 'utf8'))
  } catch {
    throw new Error(`${TABLE} is not there, or is no JSON: \`${RECORD}\` writes it`)
  }
}

/** The sentence that says why nothing can be counted here, or nothing that would compare. */
function whyNoCounts(isRecording) {
  if (!exists('valgrind')) return 'valgrind is not installed'
  const { rustc: recordedBy } = isRecording ? { rustc: rustc() } : readTable()
  if (recordedBy !== rustc()) return `${rustc()} may make other code than ${recordedBy}, by which they were recorded`
}

async function checkCounts(program, isRecording) {
  const reason = whyNoCounts(isRecording)
  if (reason) {
    if (isRecording) throw new Error(reason)
    const skipped = recordedCounts(readTable()).length
    console.log(`Counts of instructions skipped: ${reason}`)
    return { passed: 0, failed: 0, skipped }
  }
  const { counts, missing } = await countAll(program)
  if (isRecording) {
    if (missing.length > 0) throw new Error(`this processor does not have ${missing.join(', ')}`)
    record(counts)
  }
  const recorded = recordedCounts(readTable())
  const skipped = recorded.filter(([, , level]) => missing.includes(level)).length
  if (skipped > 0) console.log(`Counts at ${missing.join(', ')} skipped: not a level of this processor under valgrind`)
  const comparable = recorded.filter(([, , level]) => !missing.includes(level))
  return { ...compare(counts, comparable), skipped }
}

async function checkVectorCode(program) {
  if (!exists('objdump')) {
    console.log('Vector code not looked through: objdump (binutils) is not installed')
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const findings = findCalls(await output(['objdump', '--disassemble', '--demangle', '--no-show-raw-insn', program]))
  console.log(
    `\n${findings.length === 0 ? 'AVX-512 code: vector registers, no calls but of slow paths' : findings.join('\n')}`,
  )
  return findings.length === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

async function checkAll(isRecording) {
  const noRust = rustHalf().missing
  const reason = noRust ?? (process.arch === 'x64' && process.platform === 'linux' ? undefined : 'not x86-64 Linux')
  if (reason) {
    console.log(`Guards of instructions skipped: ${reason}`)
    return [{ passed: 0, failed: 0, skipped: recordedCounts(readTable()).length + 1 }]
  }
  say('maskloss: building what is counted (cargo; a minute the first time) …')
  const program = await build()
  return [await checkCounts(program, isRecording), await checkVectorCode(program)]
}

try {
  const tallies = await checkAll(process.argv.includes('--record'))
  const total = (word) => tallies.reduce((sum, tally) => sum + tally[word], 0)
  const skipped = total('skipped') > 0 ? `, ${total('skipped')} skipped` : ''
  console.log(`\n${total('passed')} passed, ${total('failed')} failed${skipped}`)
  process.exitCode = total('failed') > 0 ? 1 : 0
} catch (error) {
  say(`maskloss: ${error.message}`)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}
