// How the addon is built, here and for a release: `node scripts/native.mjs [more options of napi build]`.
import { realpathSync } from 'node:fs'
import { run, tool } from './project.mjs'

/** The command line of the build; the options of cargo stand after `--`. */
export const buildCommand = (...more) =>
  tool(
    '@napi-rs/cli/dist/cli.js',
    'build',
    '--platform',
    '--release',
    '--js=index.cjs',
    '--dts=index.d.ts',
    '--manifest-path=crates/maskloss-node/Cargo.toml',
    '--output-dir=native',
    ...more,
    '--',
    '--locked',
  )

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = (await run(buildCommand(...process.argv.slice(2)))).code
}
