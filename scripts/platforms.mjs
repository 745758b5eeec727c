// The packages of the prebuilt addons, npm/<platform>: `node scripts/platforms.mjs write` makes them from package.json,
// `check` says whether they still are what it would make. The generated loader asks for them by these names.
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { at, say } from './project.mjs'

const main = JSON.parse(readFileSync(at('package.json'), 'utf8'))
const { binaryName, targets } = main.napi

const linux = (cpu, libc) => ({ folder: `linux-${cpu}-${libc === 'glibc' ? 'gnu' : libc}`, os: 'linux', cpu, libc })
const machines = {
  'x86_64-unknown-linux-gnu': linux('x64', 'glibc'),
  'x86_64-unknown-linux-musl': linux('x64', 'musl'),
  'aarch64-unknown-linux-gnu': linux('arm64', 'glibc'),
  'aarch64-unknown-linux-musl': linux('arm64', 'musl'),
  'x86_64-apple-darwin': { folder: 'darwin-x64', os: 'darwin', cpu: 'x64' },
  'aarch64-apple-darwin': { folder: 'darwin-arm64', os: 'darwin', cpu: 'arm64' },
  'x86_64-pc-windows-msvc': { folder: 'win32-x64-msvc', os: 'win32', cpu: 'x64' },
  'aarch64-pc-windows-msvc': { folder: 'win32-arm64-msvc', os: 'win32', cpu: 'arm64' },
  'wasm32-wasip1-threads': { folder: 'wasm32-wasi', cpu: 'wasm32' },
}

/** What the WebAssembly build consists of, and what its loader needs: the versions that @napi-rs/cli is tested with. */
const webAssembly = {
  files: [
    ...['wasm32-wasi.wasm', 'wasi.cjs', 'wasi.d.cts', 'wasi-browser.js'].map((name) => `${binaryName}.${name}`),
    'wasi-worker.mjs',
    'wasi-worker-browser.mjs',
  ],
  fields: {
    main: `${binaryName}.wasi.cjs`,
    types: `${binaryName}.wasi.d.cts`,
    browser: `${binaryName}.wasi-browser.js`,
    type: 'module',
    engines: { node: '^20.19.0 || ^22.13.0 || >=23.5.0' },
    dependencies: { '@emnapi/core': '1.11.3', '@emnapi/runtime': '1.11.3', '@napi-rs/wasm-runtime': '~1.2.7' },
  },
}

/** Every platform: its folder under npm/, the package's name, the files it publishes, its package.json. */
export const platforms = targets.map((triple) => {
  const { folder, os, cpu, libc } = machines[triple]
  const isWebAssembly = os === undefined
  const name = `${main.name}-${folder}`
  const files = isWebAssembly ? webAssembly.files : [`${binaryName}.${folder}.node`]
  const manifest = {
    name,
    version: main.version,
    description: `The ${triple} build of ${main.name}`,
    homepage: main.homepage,
    bugs: main.bugs,
    license: main.license,
    repository: { ...main.repository, directory: `npm/${folder}` },
    files,
    main: files[0],
    engines: main.engines,
    ...(isWebAssembly ? webAssembly.fields : { os: [os] }),
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
  }
  return { triple, folder, name, files, manifest, isWebAssembly }
})

const readme = ({ triple, name, isWebAssembly }) => `# ${name}

The engine of [${main.name}](${main.homepage}), built for \`${triple}\`.

${
  isWebAssembly
    ? `It is not installed by itself: \`npm install ${main.name} ${name} --cpu=wasm32\` asks for it.`
    : `npm installs it with \`${main.name}\` on the machines that it is for. There is nothing here to import.`
}
`

/** Path and content of every file of npm/. */
export const packageFiles = () =>
  platforms.flatMap((platform) => [
    [`npm/${platform.folder}/package.json`, `${JSON.stringify(platform.manifest, undefined, 2)}\n`],
    [`npm/${platform.folder}/README.md`, readme(platform)],
  ])

function write() {
  for (const platform of platforms) mkdirSync(at('npm', platform.folder), { recursive: true })
  for (const [path, content] of packageFiles()) writeFileSync(at(path), content)
}

function check() {
  const stale = packageFiles().filter(
    ([path, content]) => !existsSync(at(path)) || readFileSync(at(path), 'utf8') !== content,
  )
  if (stale.length === 0) return
  say(
    `Not what package.json asks for; run \`node scripts/platforms.mjs write\`:\n${stale.map(([path]) => path).join('\n')}`,
  )
  process.exitCode = 1
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  if (process.argv[2] === 'write') write()
  else check()
}
