/** The native engine against the plain TypeScript one where numbers are extreme: full cells, overflow, factors of 0, sure pixels. */
import type { CriterionSpec } from '../src/engine.ts'
import { reference } from '../src/reference/engine.ts'
import { criterion, type Data, evaluate, type Evaluation, sensitivitySpecificity } from './cases/build.ts'
import { random } from './cases/data.ts'
import { nativeEngine, nativeTest } from './native/engine.ts'

const PROBABILITIES = { activation: 'none', checkValues: false } as const

/** Both engines on the same numbers, the native one first. */
function both(spec: CriterionSpec, data: Data): readonly [actual: Evaluation, expected: Evaluation] {
  const prediction = Float64Array.from(data.prediction)
  return [evaluate(nativeEngine(), spec, data), evaluate(reference.engine(), spec, { ...data, prediction })]
}

/** Largest difference of the gradients, of the largest element but those left out. */
function distance([actual, expected]: ReturnType<typeof both>, isCompared: (index: number) => boolean): number {
  const indices = [...expected.gradient.keys()].filter(isCompared)
  const largest = Math.max(...indices.map((i) => Math.abs(expected.gradient[i]!)))
  return Math.max(...indices.map((i) => Math.abs(actual.gradient[i]! - expected.gradient[i]!))) / largest
}

nativeTest('sensitivity and specificity of a class that fills the plane, or almost', (t) => {
  const pixels = 20_480
  const next = random(3)
  const prediction = Float32Array.from({ length: pixels }, next)
  const spec = criterion(1, sensitivitySpecificity(1, { share: 0.05, smooth: 1e-5 }), PROBABILITIES)
  for (const outside of [[], [3], [3, 9000]]) {
    for (const perClass of [false, true]) {
      const target = new Uint8Array(pixels).fill(1)
      for (const pixel of outside) target[pixel] = 0
      const found = both(spec, { prediction, samples: 1, pixels, target, perClass })
      t.true(Math.abs(found[0].loss / found[1].loss - 1) <= 1e-9)
      t.true(distance(found, (pixel) => !outside.includes(pixel)) <= 1e-6)
      t.true(distance(found, () => true) <= 1e-6)
    }
  }
})

nativeTest('sensitivity and specificity of a full plane without smoothing: 0/0, in value and gradient', (t) => {
  const spec = criterion(1, sensitivitySpecificity(1, { smooth: 0 }), PROBABILITIES)
  for (const perClass of [false, true]) {
    const target = Uint8Array.of(1, 1, 1)
    for (const found of both(spec, {
      prediction: Float32Array.of(0.2, 0.5, 1),
      samples: 1,
      pixels: 3,
      target,
      perClass,
    })) {
      t.deepEqual([found.loss, ...found.gradient], [NaN, NaN, NaN, NaN])
    }
  }
})
