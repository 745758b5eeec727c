/** Results into files: whole or not at all. */

import { unlinkSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { UsageError } from './usage.ts'

const unfinished = new Set<string>()

/** Writes a new file beside `path`, then puts it in its place. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  unfinished.add(temporary)
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    const found = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new UsageError(
      `Expected a place that can be written for --output but found ${found} at ${JSON.stringify(path)}`,
    )
  } finally {
    unfinished.delete(temporary)
  }
}

/** Removes what an interrupted run leaves. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      unlinkSync(path)
    } catch {
      // It was renamed or never made.
    }
  }
}
