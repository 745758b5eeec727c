// Finds optional dependencies that the lock file names but does not hold. npm drops such packages without a word (the registry
// may hold them for one platform only), and then `npm ci` fails on the next machine.
import { readFileSync } from 'node:fs'
import { at } from './project.mjs'

const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'))
const held = new Set(
  Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
)
const absent = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.keys(optionalDependencies)
    .filter((name) => !held.has(name))
    .map((name) => `${path || 'package.json'} wants ${name}`),
)
if (absent.length > 0) {
  console.error(
    `package-lock.json lacks optional dependencies; pin an older version of what wants them:\n${absent.join('\n')}`,
  )
  process.exitCode = 1
}
