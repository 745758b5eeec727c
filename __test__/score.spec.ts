import test from 'ava'
import fc from 'fast-check'
import { isMasklossError } from '../src/errors.ts'
import type { ScoreOptions, ScoreCallOptions } from '../src/score-options.ts'
import type { TensorLike } from '../src/tensor.ts'
import { score } from './cases/score.ts'

const predicted = Uint8Array.of(0, 1, 1, 2, 0, 0, 2, 2)
const reference = Uint8Array.of(0, 1, 2, 2, 0, 0, 0, 1)
const maps: ScoreOptions & ScoreCallOptions = { layout: 'NW', shape: [2, 4] }

test('label maps: every label the reference has, per case', (t) => {
  const result = score(predicted, reference, maps)
  t.deepEqual(result.labels, [0, 1, 2])
  t.is(result.cases, 2)
  t.deepEqual(result.shape, [2, 3])
  t.deepEqual([...result.truePositives], [1, 1, 1, 2, 0, 0])
  t.deepEqual([...result.falsePositives], [0, 1, 0, 0, 0, 2])
  t.deepEqual([...result.falseNegatives], [0, 0, 1, 1, 1, 0])
  t.deepEqual([...result.trueNegatives], [3, 2, 2, 1, 3, 2])
  t.deepEqual([...result.dice], [1, 2 / 3, 2 / 3, 4 / 5, 0, 0])
  t.deepEqual([...result.iou], [1, 1 / 2, 1 / 2, 2 / 3, 0, 0])
  t.deepEqual([...result.precision], [1, 1 / 2, 1, 1, NaN, 0])
  t.deepEqual([...result.recall], [1, 1, 1 / 2, 2 / 3, 0, NaN])
  t.is(result.numerics, 'reference/1')
})

test('means leave label 0 and skipped scores out', (t) => {
  const { mean, labelMeans } = score(predicted, reference, maps)
  t.is(mean.dice, (2 / 3 + 2 / 3) / 4)
  t.is(mean.precision, (1 / 2 + 1 + 0) / 3)
  t.deepEqual([...labelMeans.precision], [1, 1 / 2, 1 / 2])
  const all = score(predicted, reference, { ...maps, includeBackground: true })
  t.is(all.mean.dice, (1 + 2 / 3 + 2 / 3 + 4 / 5) / 6)
})

test('pooled: counts first, then one division', (t) => {
  const result = score(predicted, reference, { ...maps, pooled: true })
  t.is(result.cases, 2)
  t.deepEqual(result.shape, [1, 3])
  t.deepEqual([...result.truePositives], [3, 1, 1])
  t.deepEqual([...result.dice], [6 / 7, 2 / 4, 2 / 5])
})

test('labels and regions', (t) => {
  const chosen = score(predicted, reference, { ...maps, labels: [2, 7] })
  t.deepEqual(chosen.labels, [2, 7])
  t.deepEqual([...chosen.dice], [2 / 3, NaN, 0, NaN])
  const regions = score(predicted, reference, { ...maps, regions: [[1, 2], [2]] })
  t.deepEqual(regions.labels, [0, 1])
  t.deepEqual([...regions.truePositives], [3, 1, 1, 0])
  t.is(regions.mean.dice, (1 + 2 / 3 + 2 / 3 + 0) / 4)
})

test('nothing by nothing goes by the policy', (t) => {
  const of = (emptyClass: ScoreOptions['emptyClass']) =>
    score(predicted, reference, { ...maps, labels: [7], emptyClass })
  t.deepEqual([...of('skip').dice], [NaN, NaN])
  t.is(of('skip').mean.dice, NaN)
  t.is(of('perfect').mean.dice, 1)
  t.is(of('worst').mean.recall, 0)
  const nan = score(predicted, reference, { ...maps, emptyClass: 'nan' })
  t.is(nan.mean.dice, (2 / 3 + 2 / 3) / 4)
  t.is(nan.mean.precision, NaN)
})

test('class scores: the largest wins', (t) => {
  const logits = Float32Array.of(2.5, 0, 0, 0, 1, 1, 0, 0, 0, 0, 3, 1)
  const { labels, dice, mean } = score(logits, Uint8Array.of(0, 1, 2, 1), { layout: 'CW', shape: [3, 4] })
  t.deepEqual(labels, [0, 1, 2])
  t.deepEqual([...dice], [1, 2 / 3, 2 / 3])
  t.is(mean.dice, 2 / 3)
  const planes = Uint8Array.of(1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0)
  t.deepEqual([...score(logits, planes, { layout: 'CW', shape: [3, 4] }).dice], [...dice])
  const some = score(logits, planes, { layout: 'CW', shape: [3, 4], labels: [2, 0] })
  t.deepEqual([...some.dice], [dice[2], dice[0]])
})

test('one class: above a threshold', (t) => {
  const probabilities = Float32Array.of(0.2, 0.7, 0.6, 0.1)
  const mask = Uint8Array.of(0, 1, 0, 1)
  const options = { layout: 'W', shape: [4] } as const
  const half = score(probabilities, mask, options)
  t.deepEqual(half.labels, [1])
  t.is(half.mean.dice, 2 / 4)
  t.is(score(probabilities, mask, { ...options, threshold: 0.65 }).mean.dice, 2 / 3)
  const image = Uint8Array.from(mask, (label) => 255 * label)
  t.is(score(probabilities, image, { ...options, maskValue: 255 }).mean.dice, 2 / 4)
})

test('overlapping regions: plane k is region k', (t) => {
  const logits = Float32Array.of(1, 2, -1, 3, -2, 1, 0.5, 2)
  const result = score(logits, Uint8Array.of(1, 2, 2, 0), {
    layout: 'CW',
    shape: [2, 4],
    threshold: 0,
    regions: [[1, 2], [2]],
  })
  t.deepEqual([...result.truePositives], [2, 2])
  t.deepEqual([...result.falsePositives], [1, 1])
  t.deepEqual([...result.falseNegatives], [1, 0])
})

test('ignored pixels', (t) => {
  const result = score(predicted, Uint8Array.of(0, 1, 255, 2, 0, 0, 255, 255), { ...maps, ignoreIndex: 255 })
  t.deepEqual(result.labels, [0, 1, 2])
  t.deepEqual([...result.dice], [1, 1, 1, 1, NaN, NaN])
})

test('floats, layouts and images', (t) => {
  const { dice } = score(predicted, reference, maps)
  t.deepEqual(score(Float64Array.from(predicted), Float32Array.from(reference), maps).dice, dice)
  const image = { data: predicted, width: 4, height: 2 }
  t.deepEqual(score(image, reference).labels, [0, 1, 2])
  const last = Float32Array.of(0.9, 0.1, 0.2, 0.8)
  t.is(score(last, Uint8Array.of(0, 1), { layout: 'WC', shape: [2, 2] }).mean.dice, 1)
})

/** What is refused: the code, the argument, and a word of the remedy. */
const REFUSED: readonly (readonly [
  name: string,
  run: () => unknown,
  code: string,
  argument: string,
  remedy: RegExp,
])[] = [
  [
    'a 0/255 mask',
    () => score(Float32Array.of(0.2, 0.7), Uint8Array.of(0, 255), { layout: 'W', shape: [2] }),
    'ERR_MASKLOSS_LABEL',
    'reference',
    /maskValue: 255/,
  ],
  [
    'a label that no class has',
    () => score(Float32Array.of(0.2, 0.7, 0.8, 0.3), Uint8Array.of(0, 4), { layout: 'CW', shape: [2, 2] }),
    'ERR_MASKLOSS_LABEL',
    'reference',
    /ignoreIndex/,
  ],
  [
    'a label map read as class scores',
    () => score(new Uint8Array(16), new Uint8Array(16), { shape: [1, 4, 2, 2] }),
    'ERR_MASKLOSS_OPTION_MISSING',
    'decision',
    /layout: 'NDHW'/,
  ],
  [
    'fractions among labels',
    () => score(predicted, Float32Array.of(0, 1, 2, 2, 0, 0.5, 0, 1), maps),
    'ERR_MASKLOSS_LABEL',
    'reference',
    /integers/,
  ],
  [
    'class scores said to be labels',
    () => score(Float32Array.of(0.5, 1), Uint8Array.of(0, 1), { layout: 'W', shape: [2], decision: 'labels' }),
    'ERR_MASKLOSS_LABEL',
    'prediction',
    /threshold/,
  ],
  [
    'fewer reference pixels',
    () => score(predicted, new Uint8Array(7), maps),
    'ERR_MASKLOSS_SHAPE',
    'reference',
    /same pixels/,
  ],
  [
    'a prediction of another length',
    () => score(new Uint8Array(7), reference, maps),
    'ERR_MASKLOSS_SHAPE',
    'prediction',
    /shape/,
  ],
  ['no shape', () => score(predicted, reference, { layout: 'NW' }), 'ERR_MASKLOSS_OPTION_MISSING', 'shape', /shape:/],
  ['no layout', () => score(predicted, reference, { shape: [2, 4] }), 'ERR_MASKLOSS_LAYOUT', 'layout', /default/],
  [
    'smoothing',
    () => score(predicted, reference, { ...maps, emptyClass: 'smooth' as 'skip' }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'emptyClass',
    /no smoothing/,
  ],
  [
    'labels and regions',
    () => score(predicted, reference, { ...maps, labels: [1], regions: [[1]] }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'regions',
    /single labels/,
  ],
  [
    'a threshold of the largest',
    () => score(predicted, reference, { ...maps, decision: 'argmax', threshold: 0.5 }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'threshold',
    /leave one/,
  ],
  [
    'regions of another number than the planes',
    () =>
      score(new Float32Array(4).fill(0.5), new Uint8Array(2), {
        layout: 'CW',
        shape: [2, 2],
        threshold: 0,
        regions: [[1]],
      }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'regions',
    /plane k/,
  ],
  [
    'a label map taken for planes',
    () => score(new Float32Array(16).fill(0.5), new Uint8Array(16).fill(3), { shape: [1, 4, 2, 2] }),
    'ERR_MASKLOSS_TARGET',
    'reference',
    /one value a pixel/,
  ],
  [
    'an unknown option',
    () => score(predicted, reference, { ...maps, ignore: 3 } as ScoreOptions),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    'options',
    /ignoreIndex/,
  ],
  [
    'no tensor',
    () => score([0, 1] as unknown as TensorLike, reference, maps),
    'ERR_MASKLOSS_TENSOR',
    'prediction',
    /typed/,
  ],
]

for (const [name, run, code, argument, remedy] of REFUSED) {
  test(`refuses ${name}`, (t) => {
    const error = t.throws(run, { code })
    t.true(isMasklossError(error))
    t.is((error as unknown as { argument: string }).argument, argument)
    t.regex(error?.message ?? '', remedy)
  })
}

test('says where a label is wrong', (t) => {
  const error = t.throws(() => score(predicted, Float32Array.of(0, 1, 2, 2, 0, 0.5, 0, 1), maps))
  t.deepEqual((error as unknown as { at: unknown }).at, { sample: 1, pixel: [1] })
})

test('scores lie in [0, 1], and dice = 2·iou / (1 + iou)', (t) => {
  const label = fc.integer({ min: 0, max: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 60 }), (pixels) => {
      const a = Uint8Array.from(pixels, ([x]) => x)
      const b = Uint8Array.from(pixels, ([, y]) => y)
      const { dice, iou } = score(a, b, { layout: 'W', shape: [pixels.length] })
      dice.forEach((value, k) => {
        t.true(value >= 0 && value <= 1)
        t.true(Math.abs(value - (2 * iou[k]!) / (1 + iou[k]!)) < 1e-15)
      })
    }),
  )
})
