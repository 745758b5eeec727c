import { createHash } from 'node:crypto'
import { Draw, drawCase } from './draw.ts'
import { evaluateBits } from './run.ts'

/** A hash of all that comes out of random cases, but for the bits of NaN. */
export function digest(seed: number, cases: number): string {
  const hash = createHash('sha256')
  for (let i = 0; i < cases; i++) {
    const { spec, data } = drawCase(new Draw(seed + i))
    const { report, values, gradient } = evaluateBits({ simd: '', threads: 1 + (i % 4) }, spec, data)
    for (const part of [report, values, gradient]) {
      hash.update(Float64Array.from(part, (value) => (Number.isNaN(value) ? NaN : value)))
    }
  }
  return hash.digest('hex')
}
