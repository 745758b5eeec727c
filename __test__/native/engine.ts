/** The native engine, where there is one: tests of it are skipped by name where there is none. */
import test, { type ExecutionContext } from 'ava'
import type * as Binding from '../../native/index.d.ts'
import type { Engine } from '../../src/engine.ts'
import { native, nativeBinding } from '../../src/native.ts'

export type Native = typeof Binding

/** Why there is no native engine; `undefined`: there is one. */
export const MISSING: string | undefined =
  process.env['MASKLOSS_BACKEND'] === 'reference'
    ? 'MASKLOSS_BACKEND=reference'
    : nativeBinding() === undefined
      ? 'no native binary here'
      : undefined

/** A test of the native engine. */
export function nativeTest(title: string, body: (t: ExecutionContext) => void | Promise<void>): void {
  if (MISSING === undefined) test(title, body)
  else test.skip(`${title} (${MISSING})`, body)
}

/** The native engine; inside of `nativeTest` only. */
export function nativeEngine(): Engine {
  return native.engine()
}

/** The binding itself; inside of `nativeTest` only. */
export function binding(): Native {
  const found = nativeBinding()
  if (found === undefined) throw new Error('no native binary')
  return found
}
