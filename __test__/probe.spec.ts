/** Two silent mistakes are found by looking at a few values: classes on the last axis, and an activation applied twice. */
import test from 'ava'

import { FACES, thrown, type Face } from './faces.ts'

/** A one-hot map of 4×4 pixels and 3 classes, classes last. */
const oneHotLast = Float32Array.from({ length: 48 }, (_, index) => (index % 3 === ((index / 3) | 0) % 3 ? 1 : 0))
const probabilitiesLast = oneHotLast.map((value) => (value === 1 ? 0.75 : 0.125))
const zeros = new Float32Array(48)
const SHAPE = [1, 4, 4, 3]

const code = (call: () => unknown): unknown => (thrown(call) as { code?: unknown }).code

/** The warnings a piece of code emits. */
async function warnings(run: () => void): Promise<string[]> {
  const messages: string[] = []
  const listen = (warning: Error & { code?: string }): void => {
    if (warning.code === 'MASKLOSS_ACTIVATED_TWICE') messages.push(warning.message)
  }
  process.on('warning', listen)
  run()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return messages
}

/** Two classes that sum to one at every pixel. */
const first = Array.from({ length: 16 }, (_, pixel) => 0.25 + pixel / 64)
const probabilities = Float32Array.from([...first, ...first.map((value) => 1 - value)])
const PAIR = [1, 2, 4, 4]
const labels = new Uint8Array(16)

for (const [face, module] of FACES) {
  const { diceLoss, crossEntropyLoss } = module

  test.serial(`${face}: one-hot targets with classes last are refused where the layout was not given`, (t) => {
    const call = (): unknown => diceLoss(zeros, oneHotLast, { activation: 'softmax', shape: SHAPE })
    for (let repeat = 0; repeat < 2; repeat += 1) t.is(code(call), 'ERR_MASKLOSS_LAYOUT')
    t.is(
      thrown(call).message,
      "Expected classes on axis 1, the default layout 'NCHW' for target but found values that sum to one over the last axis, but not over axis 1; pass layout: 'NHWC' (or layout: 'NCHW' if the classes do lie on axis 1).",
    )
    t.notThrows(() => diceLoss(zeros, oneHotLast, { activation: 'softmax', shape: SHAPE, layout: 'NCHW' }))
    t.notThrows(() => diceLoss(zeros, oneHotLast, { activation: 'softmax', shape: SHAPE, layout: 'NHWC' }))
  })

  test.serial(`${face}: probabilities with classes last are refused where the layout was not given`, (t) => {
    const prediction = { data: probabilitiesLast, shape: SHAPE }
    t.is(
      code(() => diceLoss(prediction, zeros, { activation: 'none' })),
      'ERR_MASKLOSS_LAYOUT',
    )
    t.is(
      code(() => diceLoss(prediction, new Uint8Array(12), { activation: 'none' })),
      'ERR_MASKLOSS_LAYOUT',
    )
    t.notThrows(() => diceLoss(prediction, new Uint8Array(16), { activation: 'none', layout: 'NHWC' }))
  })

  test.serial(`${face}: data that sums to one over both axes, or over neither, passes`, (t) => {
    const both = new Float32Array(64).fill(0.25)
    t.notThrows(() => diceLoss(both, both, { activation: 'none', shape: [1, 4, 4, 4] }))
    const neither = new Float32Array(64).fill(0.5)
    t.notThrows(() => diceLoss(neither, neither, { activation: 'none', shape: [1, 4, 4, 4] }))
    const line = Float32Array.from({ length: 16 }, (_, index) => (index % 4 === 1 ? 1 : 0))
    t.notThrows(() => diceLoss(line, line, { activation: 'none', shape: [1, 1, 4, 4] }))
  })

  test.serial(`${face}: probabilities under softmax are one warning a criterion`, async (t) => {
    const criterion = new module.DiceLoss({ activation: 'softmax' })
    const messages = await warnings(() => {
      for (let repeat = 0; repeat < 3; repeat += 1) criterion.evaluate(probabilities, labels, { shape: PAIR })
    })
    t.deepEqual(messages, [
      "DiceLoss got a prediction that looks like probabilities and applies activation 'softmax' to it again; pass activation: 'none' if these are probabilities.",
    ])
    const sigmoid = new module.DiceLoss({ activation: 'sigmoid' })
    t.is((await warnings(() => sigmoid.evaluate(probabilities, labels, { shape: PAIR }))).length, 1)
  })

  test.serial(`${face}: a function warns once`, async (t) => {
    const run = (smooth: number): unknown =>
      module.jaccardLoss(probabilities, labels, { activation: 'softmax', shape: PAIR, smooth })
    t.is((await warnings(() => [1, 2, 3].forEach(run))).length, 1)
  })

  test.serial(`${face}: logits, constants and probabilities taken as such are no warning`, async (t) => {
    const messages = await warnings(() => {
      const options = { shape: PAIR } as const
      for (const Loss of [module.DiceLoss, module.TverskyLoss] as Face['DiceLoss'][]) {
        new Loss({ activation: 'softmax' }).evaluate(
          probabilities.map((value) => value * 8 - 4),
          labels,
          options,
        )
        new Loss({ activation: 'softmax' }).evaluate(new Float32Array(32), labels, options)
        new Loss({ activation: 'sigmoid' }).evaluate(new Float32Array(32), labels, options)
        new Loss({ activation: 'none' }).evaluate(probabilities, labels, options)
      }
      crossEntropyLoss(Float32Array.of(0, 1), Uint8Array.of(0), { activation: 'softmax', shape: [1, 2], layout: 'NC' })
    })
    t.deepEqual(messages, [])
  })
}
