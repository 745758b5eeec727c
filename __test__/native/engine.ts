/** Tests of the native engine, which are skipped by name where there is none. */
import test, { type ExecutionContext } from 'ava'
import type { Engine } from '../../src/engine.ts'
import { native, nativeBinding } from '../../src/native.ts'

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
