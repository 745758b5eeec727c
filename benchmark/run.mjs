// `npm run bench`: builds what is measured and what it is measured against, then runs benchmark/bench.ts, compiled. `--help` tells more.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { at, cleanEnvironment, rustHalf, say, tool } from '../scripts/project.mjs'
import { setup } from '../scripts/setup.mjs'
import { isFresh, make, stampName } from '../scripts/steps.mjs'

const floor = {
  title: 'building the floors of the benchmark (cargo; a minute the first time)',
  command: tool(
    '@napi-rs/cli/dist/cli.js',
    ...'build --platform --release --features bench --js index.cjs --dts index.d.ts --manifest-path crates/maskloss-node/Cargo.toml'.split(
      ' ',
    ),
    ...'--output-dir target/floor -- --locked'.split(' '),
  ),
  reads: ['Cargo.toml', 'Cargo.lock', 'crates', 'package.json'],
  makes: ['target/floor'],
  stamp: `target/floor/${stampName}`,
}

// Not the whole folder: the peers may have been installed in it.
const sources = readdirSync(at('benchmark'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `benchmark/${name}`)

const compiled = {
  title: 'compiling the benchmark',
  command: tool('typescript/bin/tsc', '--project', 'benchmark/tsconfig.json'),
  reads: [...sources, 'benchmark/tsconfig.json', 'benchmark/suites', 'tsconfig.build.json', 'package-lock.json'],
  makes: ['target/benchmark'],
  clear: 'target/benchmark',
  stamp: `target/benchmark/${stampName}`,
}

await setup()
const { missing } = rustHalf()
if (missing) {
  say(`maskloss: nothing to measure. ${missing}`)
  process.exit(1)
}
try {
  for (const step of [floor, compiled]) if (!isFresh(step)) await make(step)
} catch (error) {
  say(`maskloss: ${error.message}`)
  process.exit(1)
}
const { status } = spawnSync(process.execPath, [at('target/benchmark/bench.js'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: cleanEnvironment(),
  stdio: 'inherit',
})
process.exitCode = status ?? 1
