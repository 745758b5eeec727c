/** Results into files: whole or not at all, where the place is a file. */

import { randomBytes } from 'node:crypto'
import { fstatSync, unlinkSync, type BigIntStats } from 'node:fs'
import {
  access,
  constants,
  lstat,
  open,
  readlink,
  realpath,
  rename,
  stat,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { UsageError } from './usage.ts'

/** Writes the result to its place. */
export type Write = (text: string) => Promise<void>

/** What the program writes on already: descriptors 1 and 2. */
interface OwnStreams {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const unfinished = new Set<string>()

/** As many links in a row as Linux follows. */
const mostLinks = 40

/** What stands in an error's sentence for the codes that people meet. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write',
  EISDIR: 'a folder',
  ELOOP: 'links in a circle',
  ENOENT: 'no such folder',
  ENOSPC: 'no space left',
  ENOTDIR: 'a file where a folder should be',
  EROFS: 'a read-only file system',
  ESOCK: 'a socket',
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

/** The same action; its failures name the option and the place. */
async function explained<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    const found = meanings[code] ?? code
    throw new UsageError(
      `Expected a place that can be written for --output but found ${found} at ${JSON.stringify(path)}`,
    )
  }
}

/**
 * Finds out how `path` is written, and that it can be: a file, or none yet, is replaced whole; pipes and devices are written into.
 */
export async function outputAt(path: string, streams: OwnStreams): Promise<Write> {
  const write = await explained(path, () => writerOf(path, streams))
  return (text) => explained(path, () => write(text))
}

async function writerOf(path: string, streams: OwnStreams): Promise<Write> {
  // Such a name can only be a folder's.
  if (path === '' || path.endsWith('/') || path.endsWith(sep)) throw failure('EISDIR')
  const status = await statusOf(path)
  if (status === undefined) return wholeWriter(await endOfLinks(path))
  if (status.isDirectory()) throw failure('EISDIR')
  // What /dev/stdout leads to is open already: a second opening would begin at its start, and a socket has none.
  for (const [descriptor, stream] of [streams.stdout, streams.stderr].entries()) {
    if (isOpenAs(descriptor + 1, status)) return async (text) => void stream.write(text)
  }
  if (status.isSocket()) throw failure('ESOCK')
  await access(path, constants.W_OK)
  return status.isFile()
    ? wholeWriter(await realpath(path), Number(status.mode) & 0o777)
    : directWriter(path, status.isFIFO())
}

/** What is there behind all links, or nothing. */
async function statusOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isOpenAs(descriptor: number, { dev, ino }: BigIntStats): boolean {
  try {
    const own = fstatSync(descriptor, { bigint: true })
    return ino !== 0n && own.dev === dev && own.ino === ino
  } catch {
    return false
  }
}

/** Where a file comes to lie that is made by a path which leads, by links or itself, to nothing yet. */
async function endOfLinks(path: string): Promise<string> {
  let end = path
  for (let link = 0; link < mostLinks; link++) {
    const isLink = await lstat(end).then(
      (status) => status.isSymbolicLink(),
      () => false,
    )
    if (!isLink) return end
    // A link counts from the folder in which it really lies.
    end = resolve(await realpath(dirname(end)), await readlink(end))
  }
  throw failure('ELOOP')
}

function directWriter(path: string, isPipe: boolean): Write {
  return async (text) => {
    const kept = isPipe ? await openWithReader(path) : undefined
    try {
      const file = await open(path, constants.O_WRONLY)
      try {
        await file.writeFile(text)
      } finally {
        await file.close()
      }
    } finally {
      await kept?.close()
    }
  }
}

/**
 * Opens a pipe once somebody reads it. An opening that waits by itself would hold up the end of an interrupted program;
 * this one asks again and again. The file is to be kept open as long as the other that writes, or the reader would see
 * the end of the pipe in between.
 */
async function openWithReader(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await setTimeout(20)
    }
  }
}

/** Writes a new file beside `path`, then puts it in its place, with the permissions of the one before. */
async function wholeWriter(path: string, mode?: number): Promise<Write> {
  const temporary = join(dirname(path), `.maskloss-${randomBytes(6).toString('hex')}.tmp`)
  // Only making a file shows that one can be made: access() does not know every rule of every system.
  await (await open(temporary, 'wx')).close()
  await unlink(temporary)
  return async (text) => {
    unfinished.add(temporary)
    try {
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(text)
        if (mode !== undefined) await file.chmod(mode)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    } finally {
      unfinished.delete(temporary)
    }
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
