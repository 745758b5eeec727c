/** Every loss beside the Dice and cross-entropy families against its formula, written out pixel by pixel from its source. */
import test from 'ava'

import { FACES, type Face } from './faces.ts'
import {
  CLASSES,
  DISTANCES,
  PIXELS,
  SAMPLES,
  absolute,
  binary,
  categorical,
  dice,
  entropies,
  focus,
  g,
  generalized,
  hingeErrors,
  labels,
  largest,
  logits,
  lovasz,
  matthews,
  meanOf,
  metric,
  overlap,
  p,
  perCell,
  perClass,
  perPixel,
  perSample,
  pooled,
  predicted,
  present,
  reference,
  sampleSums,
  sensitivitySpecificity,
  sigmoid,
  softmax,
  softmaxErrors,
  sumOf,
  tversky,
  volumes,
  wasserstein,
  wassersteinVolume,
} from './formulas.ts'

/** [name, what a face computes, what the formula gives] */
const TABLE: readonly (readonly [string, (face: Face) => { readonly loss: number }, number])[] = [
  [
    'Dice, negated',
    (face) => face.diceLoss(logits, labels, { ...softmax, transform: 'negative' }),
    -meanOf(perCell(dice)),
  ],
  [
    'Jaccard under a logarithm',
    (face) => face.jaccardLoss(logits, labels, { ...softmax, transform: 'negative-log', smoothScale: 'overlap' }),
    meanOf(perCell((n, c) => -Math.log(tversky(n, c, 1, 1, 1e-5)))),
  ],
  [
    'Dice of squared errors',
    (face) => face.diceLoss(logits, labels, { ...softmax, form: 'squared-errors', smooth: 1 }),
    meanOf(
      perCell((n, c) => {
        const I = sumOf(PIXELS, (v) => p(n, c, v) ** 2 * g(n, c, v))
        const errors = sumOf(PIXELS, (v) => (g(n, c, v) === 1 ? (1 - p(n, c, v)) ** 2 : p(n, c, v) ** 2))
        return 1 - (2 * I + 1) / (2 * I + errors + 1)
      }),
    ),
  ],
  [
    'focal-Tversky of the mean',
    (face) => face.focalTverskyLoss(logits, labels, { ...softmax, gammaOf: 'mean', alpha: 0.3, beta: 0.7, smooth: 0 }),
    meanOf(perCell((n, c) => 1 - tversky(n, c, 0.3, 0.7, 0))) ** 0.75,
  ],
  [
    'focal-Tversky, one exponent a class',
    (face) => face.focalTverskyLoss(logits, labels, { ...softmax, gamma: [1, 2, 0.5], smooth: 0 }),
    meanOf(perCell((n, c) => (1 - tversky(n, c, 0.5, 0.5, 0)) ** [1, 2, 0.5][c]!)),
  ],
  [
    'asymmetric similarity',
    (face) => face.asymmetricSimilarityLoss(logits, labels, { ...softmax, fBeta: 2, smoothScale: 'overlap' }),
    meanOf(perCell((n, c) => 1 - tversky(n, c, 1 / 5, 4 / 5, 1e-5))),
  ],
  [
    'generalized Dice',
    (face) => face.generalizedDiceLoss(logits, labels, softmax),
    meanOf(perSample((n) => generalized(volumes(n, 2, largest), sampleSums(n)))),
  ],
  [
    'generalized Dice of the batch',
    (face) => face.generalizedDiceLoss(logits, labels, { ...softmax, scorePer: 'batch' }),
    generalized(
      perClass((c) => pooled(reference)(c) ** -2),
      (c) => [pooled(overlap)(c), pooled(predicted)(c) + pooled(reference)(c)],
    ),
  ],
  [
    'generalized Dice, simple weights, absent classes left out',
    (face) => face.generalizedDiceLoss(logits, labels, { ...softmax, weighting: 'simple', absentClass: 'zero' }),
    meanOf(
      perSample((n) =>
        generalized(
          volumes(n, 1, () => 0),
          sampleSums(n),
        ),
      ),
    ),
  ],
  [
    'generalized Dice, uniform',
    (face) => face.generalizedDiceLoss(logits, labels, { ...softmax, weighting: 'uniform' }),
    meanOf(
      perSample((n) =>
        generalized(
          perClass(() => 1),
          sampleSums(n),
        ),
      ),
    ),
  ],
  [
    'generalized Dice with an offset',
    (face) => face.generalizedDiceLoss(logits, labels, { ...softmax, absentClass: 'formula', volumeOffset: 0.5 }),
    meanOf(
      perSample((n) =>
        generalized(
          perClass((c) => 1 / (reference(n, c) ** 2 + 0.5)),
          sampleSums(n),
        ),
      ),
    ),
  ],
  [
    'generalized Dice with a penalty',
    (face) => face.generalizedDiceLoss(logits, labels, { ...softmax, penalty: 2.5 }),
    meanOf(
      perSample((n) => {
        const loss = generalized(volumes(n, 2, largest), sampleSums(n))
        return loss / (1 + 2.5 * (1 - loss))
      }),
    ),
  ],
  [
    'Dice losses of classes, weighted by their volumes',
    (face) =>
      face.generalizedDiceLoss(logits, labels, {
        ...softmax,
        scorePer: 'sample-class',
        weightMode: 'mean',
        averaging: 'samples',
      }),
    meanOf(
      perSample((n) => {
        const weights = volumes(n, 2, largest)
        return sumOf(CLASSES, (c) => weights[c]! * (1 - dice(n, c))) / sumOf(CLASSES, (c) => weights[c]!)
      }),
    ),
  ],
  [
    'generalized Wasserstein Dice',
    (face) => face.generalizedWassersteinDiceLoss(logits, labels, { ...softmax, distances: DISTANCES }),
    meanOf(perSample(wasserstein)),
  ],
  [
    'generalized Wasserstein Dice, weighted by volume',
    (face) =>
      face.generalizedWassersteinDiceLoss(logits, labels, { ...softmax, distances: DISTANCES, weighting: 'volume' }),
    meanOf(perSample(wassersteinVolume)),
  ],
  [
    'Jaccard metric of the data',
    (face) => face.jaccardMetricLoss(logits, labels, softmax),
    meanOf(
      perClass((c) => {
        const [I, union] = [pooled((n, k) => absolute(n, k)[0])(c), pooled((n, k) => absolute(n, k)[1])(c)]
        return 1 - (I + 1e-5) / (union + 1e-5)
      }),
    ),
  ],
  [
    'Jaccard metric of images and classes',
    (face) => face.jaccardMetricLoss(logits, labels, { ...softmax, averages: { images: 2, classes: 0.5 } }),
    2 * meanOf(perSample((n) => meanOf(present(n).map((c) => metric(n, c))))) +
      0.5 *
        meanOf(
          perClass((c) =>
            meanOf(
              perSample((n) => n)
                .filter((n) => reference(n, c) > 0)
                .map((n) => metric(n, c)),
            ),
          ),
        ),
  ],
  [
    'Lovász-softmax per sample',
    (face) => face.lovaszSoftmaxLoss(logits, labels, { ...softmax, averaging: 'samples' }),
    meanOf(perSample((n) => meanOf(present(n).map((c) => lovasz(softmaxErrors(n, c)))))),
  ],
  [
    'Lovász-softmax of the batch',
    (face) => face.lovaszSoftmaxLoss(logits, labels, { ...softmax, scorePer: 'class' }),
    meanOf(perClass((c) => lovasz(perSample((n) => n).flatMap((n) => softmaxErrors(n, c))))),
  ],
  [
    'Lovász hinge',
    (face) => face.lovaszHingeLoss(logits, labels, sigmoid),
    meanOf(perCell((n, c) => lovasz(hingeErrors(n, c)))),
  ],
  [
    'Matthews correlation',
    (face) => face.matthewsCorrelationLoss(logits, labels, { ...softmax, smooth: 0.25 }),
    meanOf(perCell((n, c) => matthews(n, c, 0.25))),
  ],
  [
    'sensitivity-specificity',
    (face) => face.sensitivitySpecificityLoss(logits, labels, softmax),
    meanOf(perCell((n, c) => sensitivitySpecificity(n, c, 0.05))),
  ],
  ['focal, softmax', (face) => face.focalLoss(logits, labels, softmax), categorical((x) => focus(x, 2))],
  [
    'focal, softmax, the foreground weighted',
    (face) => face.focalLoss(logits, labels, { ...softmax, alpha: 0.75 }),
    categorical((x, c) => (c === 0 ? 0.25 : 0.75) * focus(x, 2)),
  ],
  [
    'focal, softmax, numbers for each class',
    (face) =>
      face.focalLoss(logits, labels, { ...softmax, alpha: [0.1, 0.5, 1], gamma: [0, 0.5, 3], classWeights: [1, 2, 3] }),
    categorical((x, c) => (c + 1) * [0.1, 0.5, 1][c]! * focus(x, [0, 0.5, 3][c]!)),
  ],
  [
    'focal, sigmoid',
    (face) => face.focalLoss(logits, labels, { ...sigmoid, alpha: 0.25 }),
    binary((x, _, truth) => (truth === 1 ? 0.25 : 0.75) * focus(x, 2)),
  ],
  [
    'focal, sigmoid, numbers for each class',
    (face) => face.focalLoss(logits, labels, { ...sigmoid, alpha: [0.1, 0.5, 0.9], gamma: [0, 1, 2] }),
    binary((x, c, truth) => {
      const share = [0.1, 0.5, 0.9][c]!
      return (truth === 1 ? share : 1 - share) * focus(x, c)
    }),
  ],
  [
    'focal, reduced',
    (face) => face.focalLoss(logits, labels, { ...sigmoid, reducedThreshold: 0.5 }),
    binary((x) => -Math.log(x) * (x < 0.5 ? 1 : ((1 - x) / 0.5) ** 2)),
  ],
  [
    'focal, reduced by a factor that jumps at the threshold',
    (face) => face.focalLoss(logits, labels, { ...softmax, reducedThreshold: 0.3, gamma: 1.5 }),
    categorical((x) => -Math.log(x) * (x < 0.3 ? 1 : ((1 - x) / 0.3) ** 1.5)),
  ],
  [
    'focal, reduced by the largest factor',
    (face) => face.focalLoss(logits, labels, { ...softmax, reducedThreshold: 1e-6 }),
    categorical((x) => -Math.log(x) * ((1 - x) / 1e-6) ** 2),
  ],
  [
    'focal of the largest γ and class weights',
    (face) => face.focalLoss(logits, labels, { ...sigmoid, gamma: 1000, classWeights: [1e12, 1e12, 1e12] }),
    1e12 * binary((x) => focus(x, 1000)),
  ],
  [
    'focal, normalized',
    (face) => face.focalLoss(logits, labels, { ...sigmoid, normalized: true }),
    binary((x) => focus(x, 2)) / binary((x) => (1 - x) ** 2),
  ],
  [
    'focal without background, label smoothing',
    (face) => face.focalLoss(logits, labels, { ...softmax, includeBackground: false, labelSmoothing: 0.3 }),
    perPixel((n, v) => sumOf(CLASSES, (c) => (c === 0 ? 0 : (0.7 * g(n, c, v) + 0.1) * focus(p(n, c, v), 2)))),
  ],
  ['poly', (face) => face.polyLoss(logits, labels, softmax), categorical((x) => -Math.log(x) + 2 * (1 - x))],
  [
    'poly, independent classes',
    (face) => face.polyLoss(logits, labels, { ...sigmoid, epsilon: [-1, 0, 1] }),
    binary((x, c) => -Math.log(x) + (c - 1) * (1 - x)),
  ],
  [
    'poly of the largest ε and class weights',
    (face) => face.polyLoss(logits, labels, { ...softmax, epsilon: 1e6, classWeights: [1e12, 1e12, 1e12] }),
    categorical((x) => -Math.log(x) + 1e6 * (1 - x)),
  ],
  [
    'generalized cross-entropy of the smallest q',
    (face) => face.generalizedCrossEntropyLoss(logits, labels, { ...softmax, q: 1e-6 }),
    categorical((x) => -Math.expm1(1e-6 * Math.log(x)) / 1e-6),
  ],
  [
    'asymmetric similarity of the largest β',
    (face) => face.asymmetricSimilarityLoss(logits, labels, { ...softmax, fBeta: 1e6 }),
    meanOf(perCell((n, c) => 1 - tversky(n, c, 0, 1, 5e-6))),
  ],
  [
    'generalized cross-entropy',
    (face) => face.generalizedCrossEntropyLoss(logits, labels, softmax),
    categorical((x) => (1 - x ** 0.7) / 0.7),
  ],
  [
    'cross-entropy of the worst pixels',
    (face) => face.crossEntropyLoss(logits, labels, { ...softmax, topPercent: 30 }),
    meanOf(entropies.toSorted((a, b) => b - a).slice(0, Math.floor(0.3 * SAMPLES * PIXELS))),
  ],
  [
    'exponential-logarithmic',
    (face) => face.exponentialLogarithmicLoss(logits, labels, { ...softmax, logDice: { smooth: 1 } }),
    0.8 *
      meanOf(
        perCell((n, c) => {
          const score = (2 * overlap(n, c) + 1) / (predicted(n, c) + reference(n, c) + 1)
          return (-Math.log(score)) ** 0.3
        }),
      ) +
      0.2 * meanOf(entropies),
  ],
  [
    'asymmetric unified focal',
    (face) => face.asymmetricUnifiedFocalLoss(logits, labels, { ...softmax, lambda: 0.4, delta: 0.6, gamma: 0.2 }),
    0.4 * categorical((x, c) => (c === 0 ? 0.4 * focus(x, 0.2) : 0.6 * focus(x, 0))) +
      0.6 * meanOf(perCell((n, c) => (1 - tversky(n, c, 0.4, 0.6, 1e-5)) ** (c === 0 ? 1 : 0.8))),
  ],
]

for (const [face, module] of FACES) {
  for (const [name, compute, expected] of TABLE) {
    test(`${face}: ${name}`, (t) => {
      const { loss } = compute(module)
      t.true(Math.abs(loss - expected) <= 5e-6 * Math.max(1, Math.abs(expected)), `${loss} instead of ${expected}`)
    })
  }

  test(`${face}: of hard predictions the Lovász loss is the Jaccard loss of the classes that are present`, (t) => {
    const hard = Float32Array.from(logits, (_, i) => {
      const pixel = i % PIXELS
      return Number((pixel * 5 + 1) % CLASSES === Math.floor(i / PIXELS) % CLASSES)
    })
    const options = { ...softmax, activation: 'none', smooth: 0 } as const
    const { smooth: _, ...plain } = options
    const jaccard = module.jaccardLoss(hard, labels, { ...options, emptyClass: 'skip' }).loss
    t.true(Math.abs(module.lovaszSoftmaxLoss(hard, labels, plain).loss - jaccard) <= 1e-12)
  })

  test(`${face}: focal loss of γ = 0 is cross-entropy, and exact where the prediction is`, (t) => {
    const { focalLoss, crossEntropyLoss, binaryCrossEntropyLoss } = module
    const near = (a: number, b: number): boolean => t.true(Math.abs(a - b) <= 1e-6, `${a} ${b}`)
    near(focalLoss(logits, labels, { ...softmax, gamma: 0 }).loss, crossEntropyLoss(logits, labels, softmax).loss)
    near(focalLoss(logits, labels, { ...sigmoid, gamma: 0 }).loss, binaryCrossEntropyLoss(logits, labels, sigmoid).loss)
    const sure = { data: Float32Array.of(1e4, -1e4), shape: [1, 2, 1] }
    for (const gamma of [0, 0.5, 1, 2]) {
      const right = focalLoss(sure, Uint8Array.of(0), { activation: 'softmax', layout: 'NCW', gamma, gradient: true })
      t.is(right.loss, 0)
      t.deepEqual(Array.from(right.gradient, Math.abs), [0, 0])
    }
  })

  test(`${face}: the smallest clip keeps probabilities of 0 and 1 finite`, (t) => {
    const wrong = { data: Float32Array.of(0, 1, 1, 0), shape: [1, 2, 2] }
    const options = { activation: 'none', layout: 'NCW', clip: 1e-15, gradient: true } as const
    for (const { loss, gradient } of [
      module.crossEntropyLoss(wrong, Uint8Array.of(0, 0), options),
      module.focalLoss(wrong, Uint8Array.of(0, 0), { ...options, gamma: 0 }),
    ]) {
      t.true(Math.abs(loss - Math.log(1e15) / 2) <= 1e-6, `${loss}`)
      t.deepEqual(gradient, new Float32Array(4))
    }
    t.true(module.binaryCrossEntropyLoss(wrong, Uint8Array.of(0, 0), options).gradient.every((slope) => slope === 0))
  })

  test(`${face}: probabilities of one class, and of regions, are independent`, (t) => {
    const { focalLoss } = module
    const one = { data: Float32Array.of(0.25, 0.875), shape: [1, 1, 2] }
    const mask = Uint8Array.of(0, 1)
    const options = { activation: 'none', layout: 'NCW', gamma: 1 } as const
    const expected = -(0.25 * Math.log(0.75) + 0.125 * Math.log(0.875)) / 2
    t.true(Math.abs(focalLoss(one, mask, options).loss - expected) <= 1e-7)
    t.is(focalLoss(one, mask, { ...options, independent: true }).loss, focalLoss(one, mask, options).loss)
    t.is(focalLoss(one, mask, { ...options, regions: [[1]] }).loss, focalLoss(one, mask, options).loss)
  })
}
