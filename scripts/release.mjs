// Makes the checkout of a release ready for `npm publish`, in the release workflow only: `node scripts/release.mjs ARTIFACTS [TAG]`
// puts the addons of a folder into npm/<platform> and names those packages in package.json. They are not named in the
// repository: `npm ci` fails on packages that are not published yet.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { at, say } from './project.mjs'
import { platforms } from './platforms.mjs'

const [artifacts, tag] = process.argv.slice(2)
if (!artifacts || !existsSync(artifacts)) throw new Error('usage: node scripts/release.mjs ARTIFACTS [TAG]')
const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'))
if (tag && tag !== `v${manifest.version}`)
  throw new Error(`the tag is ${tag}, but package.json says ${manifest.version}`)

const built = new Map(
  readdirSync(artifacts, { recursive: true }).map((path) => [path.split(/[\\/]/).at(-1), resolve(artifacts, path)]),
)

/** Every addon must be there; WebAssembly is built on request, and then whole. */
function collect({ folder, files, isWebAssembly }) {
  const absent = files.filter((file) => !built.has(file))
  if (isWebAssembly && absent.length === files.length) return false
  if (absent.length > 0) throw new Error(`${folder}: ${absent.join(', ')} not among the artifacts`)
  for (const file of files) copyFileSync(built.get(file), at('npm', folder, file))
  return true
}

const collected = platforms.filter(collect)
copyFileSync(built.get('index.cjs') ?? at('native/index.cjs'), at('native/index.cjs'))
// A user asks for WebAssembly by name: npm would install it beside the addon, for nothing.
manifest.optionalDependencies = Object.fromEntries(
  collected.filter(({ isWebAssembly }) => !isWebAssembly).map(({ name }) => [name, manifest.version]),
)
writeFileSync(at('package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
say(`To publish, in this order:\n${[...collected.map(({ folder }) => join('npm', folder)), '.'].join('\n')}`)
