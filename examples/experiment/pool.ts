/** Trains runs in parallel processes. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Run } from './settings.ts'
import type { Progress, Task } from './trainer.ts'

const TRAINER = fileURLToPath(new URL('trainer.js', import.meta.url))

/**
 * Trains all runs, `processes` at a time, and tells which is finished and how many iterations are done of all. Rejects when a process ends
 * before its run does; what was finished stays on disk.
 */
export async function trainAll(
  runs: readonly Run[],
  folder: string,
  processes: number,
  on: { finished(run: Run): void; iterated(iterations: number): void },
): Promise<void> {
  const waiting = runs.values()
  const iterations = new Map<Run, number>()

  async function work(): Promise<void> {
    // One thread of the engine for each: the processes share the cores already.
    const trainer = fork(TRAINER, { env: { ...process.env, MASKLOSS_THREADS: '1' } })
    for (const run of waiting) {
      await trainOn(trainer, { folder, run }, (iteration) => {
        iterations.set(run, iteration)
        on.iterated([...iterations.values()].reduce((sum, count) => sum + count, 0))
      })
      on.finished(run)
    }
    trainer.disconnect()
  }

  await Promise.all(Array.from({ length: Math.min(processes, runs.length) }, work))
}

function trainOn(trainer: ChildProcess, task: Task, onIteration: (iteration: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`a training process ended with ${code ?? signal}`))
    const onMessage = ({ iteration, done }: Progress): void => {
      onIteration(iteration)
      if (!done) return
      trainer.off('exit', onExit).off('message', onMessage)
      resolve()
    }
    trainer.on('exit', onExit).on('message', onMessage)
    trainer.send(task)
  })
}
