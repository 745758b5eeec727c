/** Did you mean …? */

const LONGEST_NAME = 40

/** The candidate that a misspelled word most likely meant: fewest edits, at most a third of its letters. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase().replaceAll(/[_-]/g, ''), candidate.toLowerCase().replaceAll('-', ''))
    if (edits < fewest) {
      fewest = edits
      best = candidate
    }
  }
  return best
}

/** The Levenshtein distance: insertions, deletions and substitutions from one word to the other. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LONGEST_NAME || a.length > LONGEST_NAME) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
