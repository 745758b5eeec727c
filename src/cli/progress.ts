/** One line on standard error that says how far a run is. */

import { visible } from './names.ts'

/** What progress is shown on. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Shows progress on a terminal; on anything else, or if `wanted` is false, nothing. */
export function progressOn(stream: ProgressStream, wanted: boolean) {
  const shown = wanted && stream.isTTY === true
  let last = 0
  return {
    /** Says that a case is done; not more often than the eye can see. */
    show(done: number, total: number, name: string): void {
      const now = Date.now()
      if (!shown || (now - last < 50 && done < total)) return
      last = now
      const line = Array.from(`${done} of ${total}  ${visible(name)}`)
        .slice(0, (stream.columns ?? 80) - 1)
        .join('')
      stream.write(`\r\x1b[K${line}`)
    },
    /** Leaves an empty line. */
    clear(): void {
      if (shown) stream.write('\r\x1b[K')
    },
  }
}
