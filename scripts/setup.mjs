// Makes a checkout ready to run: development tools, native addon, JavaScript. Node alone runs this file: nothing is installed yet.
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildCommand } from './native.mjs'
import { at, rustHalf, say, tool } from './project.mjs'
import { filesUnder, isFresh, make, stampName } from './steps.mjs'

const machine = `${process.platform} ${process.arch} ${process.versions.modules}`

function npm() {
  const path = process.env.npm_execpath
  if (path && /npm-cli\.[cm]?js$/.test(path)) return [process.execPath, path]
  return process.platform === 'win32' ? ['cmd', '/c', 'npm'] : ['npm']
}

/** The fields of a package.json that decide what `npm ci` installs; a new script or keyword must not reinstall. */
function dependenciesOf(folder) {
  const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync(at(folder, 'package.json'), 'utf8'))
  return JSON.stringify({ dependencies, devDependencies, overrides, machine })
}

/** The step that installs what the lock file of a folder holds. */
export const install = (folder = '.') => ({
  title: `installing the ${folder === '.' ? 'development tools' : `tools of ${folder}`} (npm ci)`,
  // No tool of ours needs an install script, so none is run.
  command: [...npm(), 'ci', '--prefix', folder, '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'],
  reads: [join(folder, 'package-lock.json')],
  also: () => dependenciesOf(folder),
  // The rest is too much to hash each time; npm writes this list of what it installed.
  makes: [join(folder, 'node_modules/.package-lock.json')],
  stamp: join(folder, 'node_modules', stampName),
})

const tools = install()

const native = {
  title: 'building the native engine (cargo; a minute or two the first time)',
  command: buildCommand(),
  reads: ['Cargo.toml', 'Cargo.lock', 'crates', 'package.json'],
  also: () => `${machine} ${process.env.RUSTFLAGS ?? ''}`,
  makes: ['native'],
  stamp: `native/${stampName}`,
}

const javascript = {
  title: 'compiling TypeScript',
  command: tool('typescript/bin/tsc', '--project', 'tsconfig.build.json'),
  reads: ['src', 'tsconfig.build.json', 'native/index.d.ts', 'package-lock.json'],
  makes: ['dist'],
  // Outputs of sources that were renamed or removed must not stay in the package.
  clear: 'dist',
  stamp: `dist/${stampName}`,
}

const addons = () => [...filesUnder('native')].filter((file) => file.endsWith('.node'))

/** An addon of older sources would answer with yesterday's numbers; one without a stamp was put there by hand and stays. */
function dropStaleAddon() {
  if (!existsSync(at(native.stamp))) return
  for (const file of [...addons(), native.stamp]) rmSync(at(file))
}

/** Builds the addon, or resolves to the sentence that says why there is none. */
async function setupNative() {
  const backend = process.env.MASKLOSS_BACKEND
  if (backend !== 'reference' && isFresh(native)) return
  const { missing } = rustHalf()
  if (!missing) return make(native)
  if (backend !== 'reference') dropStaleAddon()
  if (backend === 'native' && addons().length === 0) throw new Error(`MASKLOSS_BACKEND=native, but: ${missing}`)
  say(`maskloss: ${missing}`)
}

/** Brings the checkout up to date, or ends the process with the reason. */
export async function setup() {
  try {
    if (!isFresh(tools)) await make(tools)
    await setupNative()
    if (!isFresh(javascript)) await make(javascript)
  } catch (error) {
    say(`maskloss: ${error.message}`)
    process.exit(1)
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) await setup()
