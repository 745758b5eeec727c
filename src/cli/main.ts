#!/usr/bin/env node
/** The program `maskloss`. */

import { removeUnfinished } from './output.ts'
import { failureText, run, status } from './run.ts'

process.on('SIGINT', () => {
  removeUnfinished()
  process.exit(status.interrupted)
})
// Who reads the result may stop reading, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(failureText(error))
  process.exit(status.failed)
})

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  noColor: (process.env['NO_COLOR'] ?? '') !== '',
})
