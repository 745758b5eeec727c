/** Which prediction belongs to which reference. */

import { isUtf8 } from 'node:buffer'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'

import { splitName } from '../files/tensor.ts'
import type { Fault } from './report.ts'
import { UsageError } from './usage.ts'

/** One file of a pair. */
export interface CaseFile {
  /** As the user gave it, for messages. */
  readonly path: string
  /** Where it really lies. */
  readonly target: string
  readonly bytes: number
}

/** A prediction and its reference, or why there is no such pair. */
export type Case =
  | { readonly name: string; readonly prediction: CaseFile; readonly reference: CaseFile; readonly fault?: undefined }
  | { readonly name: string; readonly fault: Fault }

type Side = 'prediction' | 'reference'
type Entry = CaseFile | { readonly path: string; readonly code: string; readonly reason: string }

const misnamed = 'name-not-utf8'

function isMisnamed(entry: Entry): entry is Exclude<Entry, CaseFile> {
  return 'code' in entry && entry.code === misnamed
}

async function kindOf(path: string, argument: string): Promise<'folder' | 'file'> {
  try {
    const status = await stat(path)
    return status.isDirectory() ? 'folder' : 'file'
  } catch {
    throw new UsageError(`Expected a file or a folder for ${argument} but found nothing at ${JSON.stringify(path)}`)
  }
}

/** Pairs two files, or the files of two folders by their names without the extension, in the order of these names. */
export async function pairUp(predictions: string, references: string): Promise<Case[]> {
  const kinds = [await kindOf(predictions, 'PREDICTIONS'), await kindOf(references, 'REFERENCES')]
  if (kinds[0] !== kinds[1]) {
    throw new UsageError(`Expected two files or two folders but found a ${kinds[0]} and a ${kinds[1]}`)
  }
  if (kinds[0] === 'file') {
    const name = splitName(basename(references))?.stem ?? basename(references)
    const file = async (path: string) => ({ path, target: path, bytes: (await stat(path)).size })
    return [{ name, prediction: await file(predictions), reference: await file(references) }]
  }
  const sides = { prediction: await listFolder(predictions), reference: await listFolder(references) }
  const names = [...new Set([...sides.prediction.keys(), ...sides.reference.keys()])].toSorted()
  if (names.length === 0) {
    throw new UsageError('Expected .nii, .nii.gz, .npy, .npz or .png files in the two folders but found none')
  }
  return names.map((name) => pair(name, sides))
}

function pair(name: string, sides: Record<Side, Map<string, Entry[]>>): Case {
  const broken = [...(sides.reference.get(name) ?? []), ...(sides.prediction.get(name) ?? [])].find(isMisnamed)
  if (broken !== undefined) {
    return { name, fault: { case: name, file: broken.path, code: broken.code, reason: broken.reason } }
  }
  const chosen: Partial<Record<Side, CaseFile>> = {}
  for (const side of ['reference', 'prediction'] as const) {
    const entries = sides[side].get(name) ?? []
    const other = sides[side === 'prediction' ? 'reference' : 'prediction'].get(name)
    const [first, second] = entries
    if (first === undefined) {
      const remedy = 'give both the same name before the extension'
      const reason = `Expected a ${side} named like this file but found none; ${remedy}`
      return { name, fault: { case: name, file: other?.[0]?.path ?? '', code: 'missing-partner', reason } }
    }
    if (second !== undefined) {
      const found = `${JSON.stringify(basename(second.path))} too`
      const reason = `Expected one ${side} of this name but found ${found}; keep one of them`
      return { name, fault: { case: name, file: first.path, code: 'ambiguous-name', reason } }
    }
    if ('code' in first)
      return { name, fault: { case: name, file: first.path, code: first.code, reason: first.reason } }
    chosen[side] = first
  }
  return { name, prediction: chosen.prediction as CaseFile, reference: chosen.reference as CaseFile }
}

/** The files of a folder that have a known extension, by stem. Folders in it are not entered. */
async function listFolder(folder: string): Promise<Map<string, Entry[]>> {
  const root = await realpath(folder)
  const found = new Map<string, Entry[]>()
  const names = await readdir(folder, { encoding: 'buffer' })
  for (const bytes of names.toSorted((a, b) => Buffer.compare(a, b))) {
    const name = isUtf8(bytes) ? bytes.toString() : shownBytes(bytes)
    const stem = splitName(name)?.stem
    if (stem === undefined || stem === '' || name.startsWith('.')) continue
    const path = join(folder, name)
    const entry = isUtf8(bytes) ? await resolve(root, path) : await refuseName(folder, bytes, path)
    if (entry !== undefined) found.set(stem, [...(found.get(stem) ?? []), entry])
  }
  return found
}

/** A name that no text can hold: its letters of ASCII, and every other byte as `\x…`. */
function shownBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('')
}

/** A path is a text, from which the bytes of such a name cannot come back: the file could not be opened. */
async function refuseName(folder: string, bytes: Uint8Array, path: string): Promise<Entry | undefined> {
  const real = Buffer.concat([Buffer.from(folder + sep), bytes])
  const isFolder = await lstat(real).then(
    (status) => status.isDirectory(),
    () => false,
  )
  if (isFolder) return undefined
  const reason = 'Expected a file name that is valid UTF-8 but found other bytes in it; rename the file'
  return { path, code: misnamed, reason }
}

/** Follows a symbolic link only to a place inside the folder. */
async function resolve(root: string, path: string): Promise<Entry | undefined> {
  try {
    const status = await lstat(path)
    if (status.isDirectory()) return undefined
    const target = await realpath(path)
    if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      const reason = 'Expected a file inside the folder but found a link that leaves it; copy the file into the folder'
      return { path, code: 'outside-folder', reason }
    }
    return { path, target, bytes: (await stat(target)).size }
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code
    const reason = `Expected a file that can be opened but found ${found}; check the link`
    return { path, code: 'unreadable', reason }
  }
}
