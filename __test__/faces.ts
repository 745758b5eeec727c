/** The two modules that have the same face: every table of cases runs through both. */
import * as native from '../src/index.ts'
import * as reference from '../src/reference/index.ts'

export type Face = typeof reference
export const FACES: readonly (readonly [name: string, face: Face])[] = [
  ['maskloss', native],
  ['maskloss/reference', reference],
]

/** What a call throws; fails the table where it throws nothing. */
export function thrown(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** A value as a caller without types passes it: assignable to everything. */
export function untyped(value: unknown): never {
  return value as never
}

/** A typed array whose memory was transferred away. */
export function detached<T extends { readonly buffer: ArrayBufferLike }>(array: T): T {
  structuredClone(0, { transfer: [array.buffer as ArrayBuffer] })
  return array
}
