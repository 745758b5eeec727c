// Makes a checkout ready to run: development tools, native addon, JavaScript. Node alone runs this file: nothing is installed yet.
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { at, rustHalf, say, tool } from './project.mjs'
import { filesUnder, isFresh, make, stampName } from './steps.mjs'

const machine = `${process.platform} ${process.arch} ${process.versions.modules}`

function npm() {
  const path = process.env.npm_execpath
  if (path && /npm-cli\.[cm]?js$/.test(path)) return [process.execPath, path]
  return process.platform === 'win32' ? ['cmd', '/c', 'npm'] : ['npm']
}

/** The fields of package.json that decide what `npm ci` installs; a new script or keyword must not reinstall. */
function dependencies() {
  const { devDependencies, overrides } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  return JSON.stringify({ devDependencies, overrides, machine })
}

const install = {
  title: 'installing the development tools (npm ci)',
  // No tool of ours needs an install script, so none is run.
  command: [...npm(), 'ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'],
  reads: ['package-lock.json'],
  also: dependencies,
  // The rest is too much to hash each time; npm writes this list of what it installed.
  makes: ['node_modules/.package-lock.json'],
  stamp: `node_modules/${stampName}`,
}

/** How every addon is built, here and for a release. */
const napiBuild =
  'build --platform --release --js index.cjs --dts index.d.ts --manifest-path crates/maskloss-node/Cargo.toml --output-dir native -- --locked'.split(
    ' ',
  )

const native = {
  title: 'building the native engine (cargo; a minute the first time)',
  command: tool('@napi-rs/cli/dist/cli.js', ...napiBuild),
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
    if (!isFresh(install)) await make(install)
    await setupNative()
    if (!isFresh(javascript)) await make(javascript)
  } catch (error) {
    say(`maskloss: ${error.message}`)
    process.exit(1)
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) await setup()
