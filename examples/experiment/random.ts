/** Seeded random numbers: the same seed gives the same experiment. */

/** Numbers uniform in [0, 1): sfc32 (Chris Doty-Humphrey's small fast counting generator), 32 bits a number. */
export type Random = () => number

/** A generator for a seed and a stream: streams of one seed are unrelated, so that drawing more from one moves nothing in another. */
export function random(seed: number, stream: number): Random {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first numbers still show the seed.
  for (let i = 0; i < 16; i++) next()
  return next
}
