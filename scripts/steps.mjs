// Steps that make files from files. A step is skipped while the contents of what it reads and of what it made are those of
// its last run; times are not compared, since git and copies change them.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, root, run, say } from './project.mjs'

/** Names the stamp that every step leaves inside what it makes, so that removing the one removes the other. */
export const stampName = '.setup-stamp'

/** Files at or under a path, in a fixed order. */
export function* filesUnder(path) {
  if (!existsSync(at(path))) return
  if (!statSync(at(path)).isDirectory()) return yield path
  for (const entry of readdirSync(at(path)).toSorted()) {
    if (entry !== 'target' && entry !== stampName) yield* filesUnder(join(path, entry))
  }
}

function digest(paths, extra) {
  const hash = createHash('sha256').update(extra)
  for (const path of paths) {
    for (const file of filesUnder(path)) {
      const content = readFileSync(at(file))
      hash.update(`\0${file}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

// The command counts without this Node and this folder in it: a moved checkout is still fresh.
const commandText = ({ command }) => command.slice(1).join(' ').replaceAll(root, '')

const state = (step) =>
  `${digest(step.reads, `${commandText(step)} ${step.also?.() ?? ''}`)}\n${digest(step.makes, '')}\n`

/**
 * Whether a step `{ title, command, reads, also?, makes, clear?, stamp }` has nothing to do: `reads` and `makes` are paths,
 * `also()` is text that counts like a file, `clear` is removed before the command runs.
 */
export function isFresh(step) {
  return existsSync(at(step.stamp)) && readFileSync(at(step.stamp), 'utf8') === state(step)
}

/** Runs a step whatever its stamp says. */
export async function make(step) {
  say(`maskloss: ${step.title} …`)
  const began = performance.now()
  rmSync(at(step.stamp), { force: true })
  if (step.clear) rmSync(at(step.clear), { recursive: true, force: true })
  const { code } = await run(step.command)
  if (code !== 0) throw new Error(`${step.title}: failed with exit code ${code}; the reason stands above`)
  writeFileSync(at(step.stamp), state(step))
  say(`maskloss: done in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
