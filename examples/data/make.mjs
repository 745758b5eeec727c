// Makes the example set: label maps and class scores as a segmentation model might give them, with the mistakes that models
// make. The same seed gives the same files. Run it as a program, or call `makeExamples`, which does nothing when the files
// of this version are there.
//
//     cells_*.png      8-bit grey (one with a palette): cells (1) with nuclei (2); a shift, a missed cell, an invented one
//     blank_1.png      nothing to see, and nothing found
//     organ_*.nii.gz   volumes: an organ (1) with lesions (2); a boundary too narrow, a missed lesion
//     scan_*.npy       class scores (softmax) for labels in .png and .npy

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { niftiGz, npy, png } from './formats.mjs'

/** Numbers in [0, 1) by mulberry32. */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const within = (random, low, high) => low + (high - low) * random()

/** A round object: its radius waves three and five times around the centre; its core has `core` of its radius. */
function blob(random, [width, height], radius) {
  const margin = radius * 1.2
  return {
    x: within(random, margin, width - margin),
    y: within(random, margin, height - margin),
    radius,
    core: within(random, 0.4, 0.55),
    waves: [within(random, -0.12, 0.12), within(random, -0.08, 0.08), within(random, 0, 6.28)],
  }
}

/** How far inside an object a point lies: 1 at its centre, 0 on its boundary, negative outside. */
function depth({ x, y, radius, waves: [three, five, turn] }, px, py) {
  const angle = Math.atan2(py - y, px - x) + turn
  const boundary = radius * (1 + three * Math.cos(3 * angle) + five * Math.sin(5 * angle))
  return 1 - Math.hypot(px - x, py - y) / boundary
}

/** Objects that do not touch. */
function scatter(random, size, count, [least, most]) {
  const blobs = []
  while (blobs.length < count) {
    const next = blob(random, size, within(random, least, most))
    if (blobs.every((other) => Math.hypot(other.x - next.x, other.y - next.y) > 1.25 * (other.radius + next.radius))) {
      blobs.push(next)
    }
  }
  return blobs
}

/** Labels of an image: 1 inside an object, 2 in its core. */
function paint([width, height], blobs) {
  const labels = new Uint8Array(width * height)
  for (const blob of blobs) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inside = depth(blob, x, y)
        if (inside > 0) labels[y * width + x] = inside > 1 - blob.core ? 2 : 1
      }
    }
  }
  return labels
}

/** Softmax over background, object and core, `[3, height, width]`: unsure near the boundaries. */
function classScores([width, height], blobs, sharpness) {
  const pixels = width * height
  const scores = new Float32Array(3 * pixels)
  for (let v = 0; v < pixels; v++) {
    let object = -sharpness
    let core = -sharpness
    for (const blob of blobs) {
      const inside = depth(blob, v % width, Math.floor(v / width))
      object = Math.max(object, sharpness * inside)
      core = Math.max(core, sharpness * inside + 1.5 * sharpness * (inside - (1 - blob.core)))
    }
    const exponentials = [1, Math.exp(object), Math.exp(core)]
    const sum = exponentials[0] + exponentials[1] + exponentials[2]
    exponentials.forEach((value, c) => (scores[c * pixels + v] = value / sum))
  }
  return scores
}

/** Labels of a volume, x fastest: 1 in an ellipsoid that is `scale` of the organ, 2 in the lesions. */
function paintVolume([nx, ny, nz], organ, lesions, scale) {
  const labels = new Uint8Array(nx * ny * nz)
  const inside = ({ centre, radii }, x, y, z, by) =>
    ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 + ((z - centre[2]) / radii[2]) ** 2 < by * by
  for (let v = 0; v < labels.length; v++) {
    const x = v % nx
    const y = Math.floor(v / nx) % ny
    const z = Math.floor(v / (nx * ny))
    if (lesions.some((lesion) => inside(lesion, x, y, z, 1))) labels[v] = 2
    else if (inside(organ, x, y, z, scale)) labels[v] = 1
  }
  return labels
}

const shifted = (blobs, x, y, scale = 1) =>
  blobs.map((blob) => ({ ...blob, x: blob.x + x, y: blob.y + y, radius: blob.radius * scale }))

/** The files of the set: name → bytes, for `predictions` and `references`. */
function files() {
  const random = generator(20240229)
  const size = [160, 160]
  const [width, height] = size
  const image = (blobs, palette) => png({ width, height, labels: paint(size, blobs), palette })
  const palette = [0, 0, 0, 90, 160, 220, 240, 200, 60]

  const cells = [0, 1, 2, 3].map(() => scatter(random, size, 6, [13, 19]))
  const invented = blob(generator(7), size, 9)

  const volume = [40, 40, 24]
  const spacing = [1.5, 1.5, 3]
  const organ = { centre: [20, 19, 12], radii: [14, 12, 8] }
  const lesions = [
    { centre: [14, 17, 11], radii: [3, 3, 2] },
    { centre: [25, 22, 13], radii: [4, 3.5, 2.5] },
  ]
  const nifti = (lesions, scale) =>
    niftiGz({ size: volume, spacing, labels: paintVolume(volume, organ, lesions, scale) })

  const plane = [96, 96]
  const scans = [0, 1].map(() => scatter(random, plane, 3, [11, 16]))
  const scores = (blobs, sharpness) => npy('<f4', [3, 96, 96], classScores(plane, blobs, sharpness))

  const references = {
    'blank_1.png': image([]),
    'cells_1.png': image(cells[0]),
    'cells_2.png': image(cells[1]),
    'cells_3.png': image(cells[2]),
    'cells_4.png': image(cells[3], palette),
    'organ_1.nii.gz': nifti(lesions, 1),
    'organ_2.nii.gz': nifti(lesions.slice(1), 1),
    'scan_1.png': png({ width: 96, height: 96, labels: paint(plane, scans[0]) }),
    'scan_2.npy': npy('<i8', plane, BigInt64Array.from(paint(plane, scans[1]), BigInt)),
  }
  const predictions = {
    'blank_1.png': image([]),
    'cells_1.png': image(shifted(cells[0], 1.5, -1)),
    'cells_2.png': image(shifted(cells[1].slice(1), 0.5, 0.5)),
    'cells_3.png': image([...shifted(cells[2], 0, 1, 1.05), invented]),
    'cells_4.png': image(shifted(cells[3], 0, 0, 0.88), palette),
    'organ_1.nii.gz': nifti(lesions.slice(1), 0.95),
    'organ_2.nii.gz': nifti([{ ...lesions[1], centre: [26, 22, 13] }], 1.04),
    'scan_1.npy': scores(shifted(scans[0], 1, 0), 9),
    'scan_2.npy': scores(shifted(scans[1], -0.5, 1, 1.06), 6),
  }
  return { predictions, references }
}

const here = fileURLToPath(new URL('.', import.meta.url))
for (const [side, contents] of Object.entries(files())) {
  const folder = join(here, side)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(folder, name), bytes)
}
