import type { VolumeWeights } from '../engine.ts'

/** The weight of a class in a sample, or in the batch (`undefined`). */
export type ClassWeight = (sample: number | undefined, c: number) => number

/**
 * `w_c = 1/max(G_c^power + offset, floor)`; of a class without reference, `G_c = 0`, what `absent` says. They depend on the
 * reference only: no gradient goes through them.
 * @param volume - G of a class in a sample, or in the batch.
 * @param classes - Those that count: among them the largest weight is looked for.
 */
export function volumeWeight(
  { power, offset, floor, absent }: VolumeWeights,
  volume: ClassWeight,
  classes: readonly number[],
): ClassWeight {
  const formula = (G: number): number => 1 / Math.max(G ** power + offset, floor)
  return (sample, c) => {
    const G = volume(sample, c)
    if (G !== 0 || absent === 'formula') return formula(G)
    if (absent === 'zero') return 0
    const present = classes.map((k) => volume(sample, k)).filter((other) => other !== 0)
    return Math.max(0, ...present.map(formula))
  }
}
