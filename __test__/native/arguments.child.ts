/** Calls every export of the binding with every bad value in every place, and with too few and too many arguments. */
import { badValues } from './bad-values.ts'
import { binding } from './binding.ts'

const native = binding()
const plan = Float64Array.of(2, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0)

/** A sound call of each function, by name. */
const CALLS: Readonly<Record<string, () => unknown[]>> = {
  evaluate: () => [
    '',
    1,
    plan.slice(),
    1,
    2,
    false,
    false,
    new Float32Array(4),
    new Uint8Array(2),
    undefined,
    new Float32Array(4),
    1,
    false,
    new Float64Array(2),
    new Float64Array(4),
  ],
  count: () => [
    '',
    1,
    Float64Array.of(2, 1, 0, 1, 1),
    1,
    1,
    2,
    false,
    false,
    0,
    0.5,
    NaN,
    new Uint8Array(2),
    new Uint8Array(2),
    new Float64Array(6),
    new Float64Array(1),
    new Float64Array(4),
  ],
  labels: () => [new Uint8Array(4)],
  readFile: () => ['/nowhere/at/all.npy', undefined, 1e6, 1e6],
  simdLevels: () => [],
  threads: () => [],
  version: () => [],
}

let calls = 0
let refused = 0
const strange: string[] = []

async function call(name: string, args: readonly unknown[]): Promise<void> {
  calls++
  try {
    const result: unknown = Reflect.apply(native[name as keyof typeof native] as () => unknown, undefined, args)
    await result
  } catch (error) {
    refused++
    if (!(error instanceof Error)) strange.push(`${name} threw ${typeof error}`)
  }
}

const exported = Object.keys(native).filter((name) => typeof native[name as keyof typeof native] === 'function')
for (const name of exported) if (!(name in CALLS)) strange.push(`no call of ${name}`)
for (const [name, sound] of Object.entries(CALLS)) {
  await call(name, [])
  await call(name, [...sound(), ...sound()])
  for (const [i] of sound().entries()) {
    await call(name, sound().slice(0, i))
    for (const value of badValues()) {
      await call(name, sound().with(i, value))
      // All places from here on.
      await call(name, [...sound().slice(0, i), ...new Array<unknown>(sound().length - i).fill(value)])
    }
  }
}
// The process still computes.
const report = new Float64Array(4)
const after = sound('evaluate').with(14, report)
await call('evaluate', after)
console.log(JSON.stringify({ calls, refused, values: badValues().length, strange, loss: report[0] }))

function sound(name: string): unknown[] {
  return CALLS[name]!()
}
