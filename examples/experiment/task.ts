/** The task: find the pixels of a random image that lie above a threshold. */
import type { Random } from './random.ts'

/** Images and their labels, one after the other. */
export interface Batch {
  /** `[images, SIZE, SIZE, 1]`, uniform in [0, 1). */
  readonly pixels: Float32Array<ArrayBuffer>
  /** `[images, SIZE, SIZE]`: 1 (foreground) where the pixel is above the threshold, else 0. */
  readonly labels: Uint8Array<ArrayBuffer>
}

/** Rows and columns of an image. */
export const SIZE = 32

export function emptyBatch(images: number): Batch {
  const pixels = images * SIZE * SIZE
  return { pixels: new Float32Array(pixels), labels: new Uint8Array(pixels) }
}

/** Fills a batch with new images; `1 − threshold` is the share of the foreground. */
export function draw({ pixels, labels }: Batch, threshold: number, uniform: Random): void {
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = uniform()
    // What float32 made of the number is what the network sees.
    labels[i] = pixels[i]! > threshold ? 1 : 0
  }
}
