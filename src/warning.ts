/** Warnings go where the runtime's go: `process.emitWarning` in Node, Deno and Bun, the console in a browser. */

interface Host {
  readonly process?: { emitWarning?(message: string, options: { type: string; code: string }): void }
  readonly console?: { warn(message: string): void }
}

/** Warns. Never throws. */
export function warn(message: string, code: string): void {
  const { process, console } = globalThis as unknown as Host
  if (typeof process?.emitWarning === 'function') process.emitWarning(message, { type: 'MasklossWarning', code })
  else console?.warn(`${code}: ${message}`)
}
