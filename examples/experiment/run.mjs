// `npm run experiment`: builds what it needs, then runs examples/experiment/main.ts, compiled. `--help` tells more.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { at, cleanEnvironment, root, say, tool } from '../../scripts/project.mjs'
import { setup } from '../../scripts/setup.mjs'
import { isFresh, make, stampName } from '../../scripts/steps.mjs'

const folders = ['examples/experiment', 'examples/experiment/network']
// Not the whole folder: results and figures lie in it.
const sources = folders.flatMap((folder) =>
  readdirSync(at(folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
)

const code = 'target/experiment/code'
const compiled = {
  title: 'compiling the experiment',
  command: tool('typescript/bin/tsc', '--project', 'examples/experiment/tsconfig.json'),
  reads: [...sources, 'examples/experiment/tsconfig.json', 'tsconfig.build.json', 'dist', 'package-lock.json'],
  makes: [code],
  clear: code,
  stamp: `${code}/${stampName}`,
}

await setup()
try {
  if (!isFresh(compiled)) await make(compiled)
} catch (error) {
  say(`maskloss: ${error.message}`)
  process.exit(1)
}
const child = spawn(process.execPath, [at(`${code}/main.js`), ...process.argv.slice(2)], {
  cwd: root,
  env: { ...cleanEnvironment(), INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (status, signal) => {
  process.exitCode = signal === null ? status : 1
})
