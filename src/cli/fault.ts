/** A pair of sound files that cannot be scored together. */
export class CaseFault extends Error {
  override readonly name = 'CaseFault'
  readonly code: 'shape-mismatch' | 'affine-mismatch'

  constructor(code: 'shape-mismatch' | 'affine-mismatch', expected: string, found: string, remedy: string) {
    super(`Expected ${expected} but found ${found}; ${remedy}`)
    this.code = code
  }
}
