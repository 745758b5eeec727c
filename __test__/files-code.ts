/** What a read came to: the code of its error, or `'read'`. */

import { FileError } from '../src/files/error.ts'

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'read'
  } catch (error) {
    return error instanceof FileError ? error.code : String(error)
  }
}
