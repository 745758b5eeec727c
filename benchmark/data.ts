/**
 * Pinned inputs: the same numbers in every run, on every machine.
 *
 * Labels are regions with ragged borders, as in real masks, so that a tile holds one or two classes; logits are noise with the true
 * class a little ahead.
 */

/** Integers in [0, 2³²), by Marsaglia's xorshift. */
export function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** A class for a square of the picture. */
function classOf(row: number, column: number, classes: number): number {
  const hash = Math.imul(row * 0x9e37 + column * 0x85eb + 0x165, 0x27d4eb2f)
  return (hash >>> 9) % classes
}

/** The side of a region, in pixels. */
const REGION = 48
const RAGGED = 6

/** Fills label maps of rows of `width`; `shift` moves the regions, which makes another map that mostly agrees. */
export function fillLabels(labels: Uint8Array, width: number, classes: number, shift = 0): Uint8Array {
  const next = random(classes + shift)
  for (let row = 0, at = 0; at < labels.length; row++) {
    const jitter = next() % RAGGED
    const band = Math.floor((row + jitter) / REGION)
    const from = shift + (next() % RAGGED)
    for (let x = 0; x < width && at < labels.length; x++) {
      labels[at++] = classOf(band, Math.floor((x + from) / REGION), classes)
    }
  }
  return labels
}

/** Logits in [−3, 3], 2 more for the class of the pixel; `channelsLast` says where the classes lie. */
export function fillLogits(
  logits: Float32Array,
  labels: Uint8Array,
  classes: number,
  pixels: number,
  channelsLast: boolean,
): Float32Array {
  const next = random(classes * 31 + 7)
  const scale = 6 / 2 ** 32
  const stride = channelsLast ? classes : 1
  const plane = channelsLast ? 1 : pixels
  for (let at = 0; at < logits.length; at++) logits[at] = next() * scale - 3
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const sample = Math.floor(pixel / pixels)
    const own = classes === 1 ? 0 : (labels[pixel] as number)
    const at = sample * classes * pixels + (pixel % pixels) * stride + own * plane
    if (classes > 1 || labels[pixel] === 1) logits[at] = (logits[at] as number) + 2
  }
  return logits
}

/** Turns logits with the classes last into probabilities. */
export function toProbabilities(logits: Float32Array, classes: number): Float32Array {
  for (let at = 0; at < logits.length; at += classes) {
    let sum = 0
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[at + c] as number)
    for (let c = 0; c < classes; c++) logits[at + c] = Math.exp(logits[at + c] as number) / sum
  }
  return logits
}

/** The planes of labels, classes last. */
export function fillOneHot(planes: Float32Array, labels: Uint8Array, classes: number): Float32Array {
  for (let pixel = 0; pixel < labels.length; pixel++) planes[pixel * classes + (labels[pixel] as number)] = 1
  return planes
}

/** Channels last to channels first, for one sample. */
export function planar(source: Float32Array, classes: number): Float32Array {
  const pixels = source.length / classes
  const result = new Float32Array(source.length)
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0; c < classes; c++) result[c * pixels + pixel] = source[pixel * classes + c] as number
  }
  return result
}
