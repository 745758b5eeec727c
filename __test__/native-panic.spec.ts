/** Panics of the Rust side, in a debug build of the addon, which has exports that panic. */
import { execFile, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { child } from './native/child.ts'
import { MISSING } from './native/engine.ts'

const missing = MISSING ?? (spawnSync('cargo', ['--version']).status === 0 ? undefined : 'no Rust toolchain')
const title = 'a panic is an error of JavaScript: on its thread, in the pool, in a function that was made, in a task'

/** Shares what `cargo test` has built. The path of the addon. */
function buildDebugAddon(): Promise<string> {
  const args = ['build', '--package', 'maskloss-node', '--locked', '--message-format=json-render-diagnostics']
  return new Promise((resolve, reject) => {
    execFile(
      'cargo',
      args,
      { cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const lines = stdout
          .split('\n')
          .filter((line) => line.includes('"compiler-artifact"') && line.includes('"cdylib"'))
        const artifact = lines.map((line) => JSON.parse(line) as { filenames: string[] }).at(-1)
        const library = artifact?.filenames.find((name) => /\.(?:so|dylib|dll)$/.test(name))
        if (error !== null || library === undefined) {
          reject(new Error(`cargo build: ${stderr.slice(-2000)}`))
          return
        }
        const addon = join(mkdtempSync(join(tmpdir(), 'maskloss-')), 'debug.node')
        copyFileSync(library, addon)
        resolve(addon)
      },
    )
  })
}

if (missing === undefined) {
  test(title, async (t) => {
    t.timeout(900_000, 'cargo builds')
    const began = performance.now()
    const addon = await buildDebugAddon()
    t.log(`debug addon built in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const { status, stdout, stderr } = await child('./panics.child.ts', addon)
    t.is(status, 0, stderr.slice(-2000))
    const { told, loss } = JSON.parse(stdout) as { told: Record<string, string>; loss: number }
    t.is(told['sync'], 'panicked on demand: sync')
    t.is(told['pool'], 'panicked on demand: pool')
    t.is(told['function'], 'panicked on demand: function')
    t.regex(told['task']!, /report it$/)
    t.true(Math.abs(loss - Math.LN2) < 1e-6)
  })
} else {
  test.skip(`${title} (${missing})`, (t) => t.pass())
}
