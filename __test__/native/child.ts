/** Scripts of this folder as processes of their own: whether one lives to its end is what is tested. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const LOADER = '--import=@oxc-node/core/register'

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script to its end. */
export function child(script: string, ...args: string[]): Promise<Ended> {
  const command = ['--expose-gc', LOADER, pathOf(script), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.signal ?? Number(error.code)), stdout, stderr })
    })
  })
}

/** Starts a script as a worker. */
export function worker(script: string, workerData: unknown): Worker {
  return new Worker(new URL(script, import.meta.url), { workerData, execArgv: [LOADER] })
}

/** The next message of a worker; rejects where it fails first. */
export function messageOf<T>(from: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    from.once('message', resolve)
    from.once('error', reject)
  })
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url))
}
