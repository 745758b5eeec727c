/** The program as a child process, and folders for it to work on. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `maskloss` to its end. */
export function maskloss(...args: string[]): Promise<Ended> {
  return masklossWith({}, ...args)
}

/** The same with further environment variables. */
export function masklossWith(variables: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  const command = ['--import=@oxc-node/core/register', main, ...args]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      command,
      { env: { ...process.env, NO_COLOR: '1', NODE_NO_WARNINGS: '1', ...variables } },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
      },
    )
  })
}

/** A new folder with these files; names may hold folders. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'maskloss-'))
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return folder
}
