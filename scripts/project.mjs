// What the scripts share: where the project is, and how its tools are run.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, whatever the working directory is. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A path inside the project. */
export const at = (...parts) => join(root, ...parts)

// npm hands its own options to what it runs: under `npm --prefix X --omit=dev start` an inner `npm ci` would install into X
// without the compiler. Options that say where to fetch from (registry, cache, proxy) stay.
const inherited = /^npm_(lifecycle|package)/i
const misleading =
  /^npm_config_(workspaces?|prefix|local_prefix|global|omit|only|production|dry_run|ignore_scripts|loglevel)$/i

/** The environment without what the surrounding npm call left in it. */
export function cleanEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !inherited.test(name) && !misleading.test(name)),
  )
}

/** A command line that runs a tool of node_modules with this Node; no shell, no PATH. */
export const tool = (path, ...options) => [process.execPath, at('node_modules', path), ...options]

/** Progress and remarks go to stderr: stdout belongs to results. */
export const say = (text) => process.stderr.write(`${text}\n`)

/** Whether cargo is on PATH. One that is there and fails is an error, not an absence. */
export function findCargo() {
  const { error, status, stderr } = spawnSync('cargo', ['--version'], { cwd: root, encoding: 'utf8' })
  if (error?.code === 'ENOENT') return false
  if (error || status !== 0) throw new Error(`cargo is on PATH but does not run: ${error?.message ?? stderr.trim()}`)
  return true
}

/** Whether the Rust half is wanted and possible; otherwise the sentence that says what is missing. */
export function rustHalf() {
  if (process.env.MASKLOSS_BACKEND === 'reference') {
    return { missing: 'MASKLOSS_BACKEND=reference: the Rust half is left out, the plain TypeScript engine computes.' }
  }
  if (findCargo()) return {}
  return {
    missing:
      'No Rust toolchain (cargo) on PATH: the native engine cannot be built here, so the plain TypeScript engine computes; https://rustup.rs installs one.',
  }
}

/**
 * Runs a command in the project and resolves to its exit code and stdout. `show` is where stdout also goes while it runs:
 * 'stdout', 'stderr' or 'nowhere'; its stderr is ours.
 */
export function run([command, ...args], { show = 'stderr', env = {}, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text) => {
      output += text
      if (show !== 'nowhere') process[show].write(text)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? 1, signal, output }))
  })
}
