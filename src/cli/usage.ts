/** A command that cannot be carried out as it was given; the program ends with status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
