/** Which prediction belongs to which reference. */

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
  for (const name of (await readdir(folder)).toSorted()) {
    const stem = splitName(name)?.stem
    if (stem === undefined || stem === '' || name.startsWith('.')) continue
    const entry = await resolve(root, join(folder, name))
    if (entry !== undefined) found.set(stem, [...(found.get(stem) ?? []), entry])
  }
  return found
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
