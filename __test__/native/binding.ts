import type * as Binding from '../../native/index.d.ts'
import { nativeBinding } from '../../src/native.ts'

export type Native = typeof Binding

/** The binding itself, where there is one. */
export function binding(): Native {
  const found = nativeBinding()
  if (found === undefined) throw new Error('no native binary')
  return found
}
