// `npm run check`: everything about the sources that is not a test. Each check counts as one.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { at, root, run, rustHalf, say, tool } from './project.mjs'
import { setup } from './setup.mjs'

await setup()
const { missing: noRust } = rustHalf()
const isCheckout = existsSync(at('.git'))
const hasCargoDeny = !noRust && spawnSync('cargo', ['deny', '--version'], { cwd: root }).status === 0

const checks = [
  { name: 'rustfmt', command: ['cargo', 'fmt', '--all', '--check'], leftOut: noRust },
  {
    name: 'clippy',
    command: ['cargo', 'clippy', '--workspace', '--all-targets', '--all-features', '--locked', '--', '-D', 'warnings'],
    leftOut: noRust,
  },
  {
    // Licences, sources and duplicates of the crates; needs no network.
    name: 'cargo deny',
    command: ['cargo', 'deny', '--offline', 'check', 'licenses', 'bans', 'sources'],
    leftOut: hasCargoDeny ? undefined : 'cargo-deny is not installed (cargo install cargo-deny)',
  },
  { name: 'oxlint', command: tool('oxlint/bin/oxlint', '--deny-warnings', '--type-aware') },
  { name: 'oxfmt', command: tool('oxfmt/bin/oxfmt', '--check') },
  { name: 'types', command: tool('typescript/bin/tsc', '--project', 'tsconfig.json') },
  { name: 'package contents', command: tool('publint/src/cli.js', '--strict') },
  {
    // CommonJS loads this ES module by require(esm), which every supported Node has: hence esm-only.
    name: 'package types',
    command: tool('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only'),
  },
  { name: 'lock file', command: [process.execPath, at('scripts/check-lock.mjs')] },
  { name: 'versions', command: [process.execPath, at('scripts/check-versions.mjs')] },
  { name: 'platform packages', command: [process.execPath, at('scripts/platforms.mjs'), 'check'] },
  {
    // The setup above has just written these types from the Rust sources.
    name: 'generated binding',
    command: ['git', 'diff', '--exit-code', '--', 'native/index.d.ts'],
    leftOut: noRust ?? (isCheckout ? undefined : 'not a git checkout'),
  },
]

const count = { passed: 0, failed: 0, skipped: 0 }
const lines = []
for (const { name, command, leftOut } of checks) {
  say(`\n— ${name}`)
  const passed = leftOut === undefined && (await run(command, { show: 'stdout' })).code === 0
  const outcome = leftOut !== undefined ? 'skipped' : passed ? 'passed' : 'failed'
  count[outcome] += 1
  lines.push(`${outcome.padEnd(7)} ${name}${leftOut ? `: ${leftOut}` : ''}`)
}
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
console.log(`\n${lines.join('\n')}\n\n${count.passed} passed, ${count.failed} failed${skipped}`)
process.exitCode = count.failed > 0 ? 1 : 0
