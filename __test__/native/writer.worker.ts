/** A worker that writes random bytes into shared memory until it is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { Draw } from './draw.ts'

const memory = new Uint8Array(workerData as SharedArrayBuffer)
const draw = new Draw(3)
parentPort?.postMessage('writing')
for (;;) {
  const at = draw.between(0, memory.length - 1)
  // Mostly labels that exist: a call whose data is at fault ends early.
  memory.fill(draw.chance(0.9) ? draw.between(0, 4) : draw.between(0, 255), at, at + draw.between(1, 4096))
}
