/**
 * Calls every export of the binding, and the function that `compile` makes, with every bad value in every place, with too few and
 * too many arguments, with any receiver, and as constructors.
 */
import { badValues } from './bad-values.ts'
import { binding } from './binding.ts'
import { numbersOf, reportOf } from './numbers.ts'

const native = binding()
const plan = Float64Array.of(2, 2, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0)

/** A sound call of each function, by name. */
const CALLS: Readonly<Record<string, () => unknown[]>> = {
  compile: () => [plan.slice(), '', 1],
  evaluate: () => [
    numbersOf({ samples: 1, pixels: 2 }),
    new Float32Array(4),
    new Uint8Array(2),
    new Float32Array(4),
    new Float32Array(2).fill(1),
    new Float64Array(2),
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

/** What the names stand for. */
const functions = { ...native, evaluate: native.compile(plan, '', 1) } as unknown as Record<string, () => unknown>

async function call(name: string, args: readonly unknown[], receiver?: unknown): Promise<void> {
  calls++
  try {
    const made: unknown = Reflect.apply(functions[name]!, receiver, args)
    await made
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
  for (const value of badValues()) await call(name, sound(), value)
  await construct(name, sound())
  for (const [i] of sound().entries()) {
    await call(name, sound().slice(0, i))
    for (const value of badValues()) {
      await call(name, sound().with(i, value))
      // All places from here on.
      await call(name, [...sound().slice(0, i), ...new Array<unknown>(sound().length - i).fill(value)])
    }
  }
}
// Every number of a call, as it is read from the buffer.
for (let i = 0; i < 7; i++) {
  for (const value of badValues().filter((bad) => typeof bad === 'number')) {
    for (let count = 3; count <= 6; count++) {
      const given = numbersOf({ samples: 1, pixels: 2 })
      new Float64Array(given)[i] = value
      await call('evaluate', sound('evaluate').with(0, given).slice(0, count))
    }
  }
}
// The process still computes.
const numbers = numbersOf({ samples: 1, pixels: 2 })
await call('evaluate', sound('evaluate').with(0, numbers))
console.log(JSON.stringify({ calls, refused, values: badValues().length, strange, loss: reportOf(numbers)[0] }))

async function construct(name: string, args: readonly unknown[]): Promise<void> {
  calls++
  try {
    await Reflect.construct(functions[name]!, args)
  } catch (error) {
    refused++
    if (!(error instanceof Error)) strange.push(`new ${name} threw ${typeof error}`)
  }
}

function sound(name: string): unknown[] {
  return CALLS[name]!()
}
