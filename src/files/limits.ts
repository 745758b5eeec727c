/** How large an array is by its header, checked before anything is allocated. */

import { badHeader, oversized } from './error.ts'
import type { FileLimits } from './tensor.ts'

/** The bytes of an array in its file, once they are found to be within the limits both there and in memory. */
export function checkedBytes(
  field: string,
  shape: readonly number[],
  storedSize: number,
  resultSize: number,
  limits: FileLimits,
): number {
  let count = 1
  for (const size of shape) {
    count *= size
    if (count >= 2 ** 64) throw badHeader(field, 'at most 2⁶⁴ elements', `[${shape.join(', ')}]`)
  }
  for (const size of [storedSize, resultSize]) {
    if (count * size > limits.maxBytes) throw oversized('bytes', count * size, limits.maxBytes)
  }
  return count * storedSize
}
