// The version stands in four places, and an addon refuses a face of another version. Says where they differ.
import { readFileSync } from 'node:fs'
import { at } from './project.mjs'

const find = (path, pattern) => [path, pattern.exec(readFileSync(at(path), 'utf8'))?.[1]]
const versions = [
  find('package.json', /"version": "(.+?)"/),
  find('Cargo.toml', /^version = "(.+?)"/m),
  find('src/version.ts', /VERSION = '(.+?)'/),
  find('CHANGELOG.md', /^## \[?(\d[^\]\s]*)/m),
]
if (new Set(versions.map(([, version]) => version)).size > 1) {
  console.error(versions.map(([path, version]) => `${path}: ${version}`).join('\n'))
  process.exitCode = 1
}
