// `npm start`: the command line from a checkout. Without arguments it scores the example data set.
import { spawnSync } from 'node:child_process'
import { at, cleanEnvironment, root, say } from './project.mjs'
import { setup } from './setup.mjs'
import { isFresh, make, stampName } from './steps.mjs'

const examples = {
  title: 'making the example data set',
  command: [process.execPath, at('examples/data/make.mjs')],
  reads: ['examples/data/make.mjs', 'examples/data/formats.mjs'],
  makes: ['examples/data/predictions', 'examples/data/references'],
  stamp: `examples/data/${stampName}`,
}
const folders = ['examples/data/predictions', 'examples/data/references']
const demo = ['score', ...folders, '--activation', 'none', '--losses', 'dice,cross-entropy']

await setup()
const given = process.argv.slice(2)
if (given.length === 0 && !isFresh(examples)) await make(examples)

// Paths on the command line are relative to where npm was called (npm itself moves to the project).
const { status, error } = spawnSync(process.execPath, [at('dist/cli/main.js'), ...(given.length > 0 ? given : demo)], {
  cwd: given.length > 0 ? (process.env.INIT_CWD ?? process.cwd()) : root,
  env: cleanEnvironment(),
  stdio: 'inherit',
})
if (error) say(`maskloss: ${error.message}`)
if (given.length === 0 && status === 0) {
  say('\nYour own folders (or two files): npm start --silent -- score PREDICTIONS REFERENCES --format json')
}
process.exitCode = status ?? 1
