/** A process that trains what it is sent, one run after the other. */
import { writeRun } from './record.ts'
import type { Run } from './settings.ts'
import { train } from './train.ts'

/** To a trainer. */
export interface Task {
  readonly folder: string
  readonly run: Run
}

/** From a trainer: how far its run is, and whether its record is written. */
export interface Progress {
  readonly iteration: number
  readonly done: boolean
}

const parent = process.ppid

function report(progress: Progress): void {
  // Who asked is gone: nobody waits for the rest.
  if (process.ppid !== parent) process.exit(1)
  process.send!(progress)
}

process.on('message', ({ folder, run }: Task) => {
  writeRun(
    folder,
    run,
    train(run, (iteration) => report({ iteration, done: false })),
  )
  report({ iteration: run.iterations, done: true })
})
process.on('disconnect', () => process.exit())
