/** A worker that evaluates random cases and says what came out. */
import { parentPort, workerData } from 'node:worker_threads'
import { digest } from './digest.ts'

const { seed, cases, forever } = workerData as { seed: number; cases: number; forever: boolean }

parentPort?.postMessage(digest(seed, cases))
while (forever) digest(seed, cases)
