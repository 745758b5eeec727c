import type { Activation, Term } from '../../src/engine.ts'
import {
  binaryCrossEntropy,
  correlation,
  crossEntropy,
  gammas,
  lovasz,
  pixelLoss,
  region,
  sensitivitySpecificity,
  wasserstein,
} from './terms.ts'

/** A loss over C classes, and the activations that it has a meaning for. */
export interface Loss {
  readonly name: string
  readonly terms: (classes: number) => Term[]
  readonly activations: readonly Activation[]
}

const ANY: readonly Activation[] = ['softmax', 'sigmoid', 'none']
const CATEGORICAL: readonly Activation[] = ['softmax', 'none']
const BINARY: readonly Activation[] = ['sigmoid', 'none']
const weights = (classes: number): number[] => [0.5, 2, 1.25].slice(0, classes)

const overlap = (name: string, options: Parameters<typeof region>[1] = {}): Loss => ({
  name,
  terms: (classes) => [region(classes, options)],
  activations: ANY,
})
const weighted = (name: string, options: Parameters<typeof region>[1]): Loss => ({
  name,
  terms: (classes) => [region(classes, { classWeights: weights(classes), ...options })],
  activations: ANY,
})
const categorical = (name: string, options: Parameters<typeof crossEntropy>[0] = {}): Loss => ({
  name: `cross-entropy ${name}`,
  terms: () => [crossEntropy(options)],
  activations: CATEGORICAL,
})
const binary = (name: string, options: Parameters<typeof binaryCrossEntropy>[0] = {}): Loss => ({
  name: `binary cross-entropy ${name}`,
  terms: () => [binaryCrossEntropy(options)],
  activations: BINARY,
})

/** Overlaps and cross-entropies, each option at least once. */
const FAMILY: readonly Loss[] = [
  overlap('dice'),
  overlap('dice, one score per class', { scorePer: 'class' }),
  overlap('dice, one score per sample', { scorePer: 'sample' }),
  overlap('dice, one score per batch', { scorePer: 'batch' }),
  overlap('dice squared', { form: 'squared' }),
  overlap('dice squared, one score per class', { form: 'squared', scorePer: 'class', smoothNumerator: 0 }),
  overlap('dice absolute', { form: 'absolute' }),
  overlap('jaccard', { alpha: 1, beta: 1 }),
  overlap('jaccard squared, one score per batch', { alpha: 1, beta: 1, form: 'squared', scorePer: 'batch' }),
  overlap('jaccard absolute, overlap scale', { alpha: 1, beta: 1, scale: 1, form: 'absolute' }),
  overlap('tversky', { scale: 1, alpha: 0.3, beta: 0.7 }),
  overlap('tversky of weights that do not add to one', { scale: 1, alpha: 0.4, beta: 1.2, form: 'squared' }),
  overlap('focal tversky', { transform: 'power', gamma: 0.75, scale: 1, alpha: 0.3, beta: 0.7 }),
  overlap('focal tversky, gamma 2', { transform: 'power', gamma: 2, form: 'absolute', scorePer: 'class' }),
  overlap('log dice', { transform: 'negative-log' }),
  overlap('log dice squared, one score per sample', { transform: 'negative-log', form: 'squared', scorePer: 'sample' }),
  overlap('dice on the floor', { floor: 100 }),
  overlap('log dice under the floor', { transform: 'negative-log', floor: 0.99, scorePer: 'batch', alpha: 4 }),
  overlap('dice, much smoothing', { smoothNumerator: 1, smoothDenominator: 2, scale: 1 }),
  overlap('dice, sum', { reduction: 'sum' }),
  overlap('dice, none', { reduction: 'none' }),
  overlap('dice, empty perfect', { emptyClass: 'perfect' }),
  overlap('dice, empty worst', { emptyClass: 'worst', scorePer: 'class' }),
  overlap('dice, empty skipped', { emptyClass: 'skip', smoothNumerator: 0, smoothDenominator: 0 }),
  weighted('dice, class weights', {}),
  weighted('dice, class weights, empty skipped', { emptyClass: 'skip' }),
  weighted('dice, class weights multiply', { weightMode: 'multiply', scorePer: 'class' }),
  weighted('dice, class weights multiply, sum', { weightMode: 'multiply', reduction: 'sum' }),
  weighted('dice, class weights inside a sample', { weightMode: 'inside', scorePer: 'sample' }),
  weighted('tversky, class weights inside the batch', {
    weightMode: 'inside',
    scorePer: 'batch',
    form: 'squared',
    alpha: 0.2,
  }),
  {
    name: 'dice of a subset of the classes',
    terms: (classes) => [region(classes, { classes: [classes - 1] })],
    activations: ANY,
  },
  categorical('plain'),
  categorical('smoothed', { labelSmoothing: 0.1 }),
  categorical('over valid pixels', { meanOver: 'valid-pixels', classWeights: [0.5, 2, 1.25] }),
  categorical('over all pixels', { meanOver: 'pixels', classWeights: [0.5, 2, 1.25], labelSmoothing: 0.2 }),
  categorical('weighted', { classWeights: [0.5, 2, 0] }),
  categorical('sum', { reduction: 'sum' }),
  categorical('none', { reduction: 'none', labelSmoothing: 0.1, classWeights: [0.5, 2, 1.25] }),
  binary('plain'),
  binary('smoothed, positive weights', { labelSmoothing: 0.1, positiveWeights: [3, 0.5, 1] }),
  binary('over valid pixels', { meanOver: 'valid-pixels', classWeights: [0.5, 2, 1.25] }),
  binary('over all pixels', { meanOver: 'pixels', classWeights: [0.5, 2, 1.25] }),
  binary('sum', { reduction: 'sum' }),
  binary('none', { reduction: 'none', classWeights: [0.5, 2, 1.25], labelSmoothing: 0.3 }),
  {
    name: 'dice and cross-entropy',
    terms: (classes) => [
      region(classes, { weight: 0.7, classes: [1, 2] }),
      crossEntropy({ weight: 1.5, labelSmoothing: 0.05 }),
    ],
    activations: CATEGORICAL,
  },
  {
    name: 'dice and binary cross-entropy',
    terms: (classes) => [region(classes, { form: 'squared' }), binaryCrossEntropy({ weight: 2 })],
    activations: BINARY,
  },
]

/** The options that came to the region family later. */
const REGION: readonly Loss[] = [
  overlap('dice of squared errors', { form: 'squared-errors' }),
  overlap('tversky of squared errors, one score per class', {
    form: 'squared-errors',
    scorePer: 'class',
    alpha: 0.3,
    beta: 0.9,
    smoothNumerator: 0,
  }),
  overlap('negative dice', { transform: 'negative', floor: 1e-8 }),
  overlap('exponential logarithmic dice', { transform: 'log-power', gamma: 0.3, scorePer: 'class' }),
  overlap('exponential logarithmic dice on the floor', { transform: 'log-power', gamma: 2, floor: 0.7 }),
  overlap('penalty dice', { transform: 'penalty', gamma: 2.5 }),
  {
    name: 'focal dice, a gamma each class',
    terms: (C) => [region(C, { transform: 'power', classGammas: [1, 0.5, 2].slice(0, C) })],
    activations: ANY,
  },
  overlap('dice to a power', { outerGamma: 0.75, scorePer: 'class' }),
  overlap('dice squared to a power, sum', { outerGamma: 2, form: 'squared', reduction: 'sum' }),
  overlap('negative dice with a penalty', { transform: 'negative', outerTransform: 'penalty', outerGamma: 2.5 }),
  overlap('logarithm of dice to a power', { outerTransform: 'log-power', outerGamma: 0.3, floor: 1e-6 }),
  overlap('dice of a target with a floor', { targetFloor: 0.05 }),
  overlap('dice squared of a target with a floor', { targetFloor: 0.01, form: 'squared', scorePer: 'sample' }),
  overlap('dice of squared errors and a target with a floor', { targetFloor: 0.1, form: 'squared-errors' }),
  overlap('dice averaged by sample, empty skipped', { averaging: 'samples', emptyClass: 'skip' }),
  overlap('dice averaged by class, empty skipped', { averaging: 'classes', emptyClass: 'skip' }),
  weighted('dice, class weights averaged by sample', { averaging: 'samples', emptyClass: 'skip' }),
  weighted('dice, class weights multiply, averaged by sample', { averaging: 'samples', weightMode: 'multiply' }),
  overlap('dice, volume weights inside a sample', {
    scorePer: 'sample',
    weightMode: 'inside',
    volumeWeights: { volumes: 'score', power: 2, offset: 0, floor: 0, absent: 'largest' },
  }),
  weighted('dice, volume weights and class weights inside the batch', {
    scorePer: 'batch',
    weightMode: 'inside',
    volumeWeights: { volumes: 'score', power: 1, offset: 0, floor: 2, absent: 'formula' },
  }),
  overlap('dice, volume weights averaged by sample', {
    averaging: 'samples',
    volumeWeights: { volumes: 'score', power: 2, offset: 1e-2, floor: 0, absent: 'formula' },
  }),
  overlap('dice, volume weights of the batch', {
    volumeWeights: { volumes: 'batch', power: 2, offset: 1e-7, floor: 0, absent: 'formula' },
  }),
  overlap('dice, volume weights multiply by class', {
    scorePer: 'class',
    weightMode: 'multiply',
    volumeWeights: { volumes: 'score', power: 1, offset: 0, floor: 0, absent: 'zero' },
  }),
]

const cellLosses = (name: string, make: (classes: number) => Term, activations = ANY): Loss => ({
  name,
  terms: (classes) => [make(classes)],
  activations,
})

/** Other losses of a few numbers a cell. */
const CELLS: readonly Loss[] = [
  cellLosses('correlation', (C) => correlation(C)),
  cellLosses('correlation, one score per class, sum', (C) =>
    correlation(C, { smooth: 1, scorePer: 'class', reduction: 'sum' }),
  ),
  cellLosses('correlation, class weights inside the batch', (C) =>
    correlation(C, { smooth: 0.5, scorePer: 'batch', weightMode: 'inside', classWeights: weights(C) }),
  ),
  cellLosses('correlation, empty worst', (C) =>
    correlation(C, { smooth: 0.1, emptyClass: 'worst', averaging: 'samples' }),
  ),
  cellLosses('sensitivity-specificity', (C) => sensitivitySpecificity(C)),
  cellLosses('sensitivity-specificity, one score per class', (C) =>
    sensitivitySpecificity(C, { share: 0.6, smooth: 1e-2, scorePer: 'class', emptyClass: 'skip' }),
  ),
  cellLosses('wasserstein', (C) => wasserstein(C)),
  cellLosses('wasserstein, one score per batch, smooth', (C) =>
    wasserstein(C, { scorePer: 'batch', smoothNumerator: 2, smoothDenominator: 1 }),
  ),
  cellLosses('wasserstein by volume', (C) => wasserstein(C, { weighting: 'volume' })),
  cellLosses('wasserstein by volume, one score per batch', (C) =>
    wasserstein(C, { weighting: 'volume', scorePer: 'batch' }),
  ),
  cellLosses('wasserstein, sum', (C) => wasserstein(C, { reduction: 'sum' })),
  {
    name: 'dice and wasserstein of two distances',
    terms: (C) => [
      region(C, { weight: 0.5 }),
      wasserstein(C, { weight: -2 }),
      wasserstein(C, {
        weighting: 'volume',
        distances: Array.from({ length: C * C }, (_, i) => Number(i % (C + 1) > 0)),
      }),
    ],
    activations: ANY,
  },
  cellLosses('lovasz', (C) => lovasz(C)),
  cellLosses('lovasz, empty kept, sum', (C) => lovasz(C, { emptyClass: 'smooth', reduction: 'sum' })),
  cellLosses('lovasz, one score per sample and class', (C) =>
    lovasz(C, { scorePer: 'sample-class', averaging: 'samples' }),
  ),
  cellLosses('lovasz, one score per sample', (C) => lovasz(C, { scorePer: 'sample', classes: [C - 1] })),
  cellLosses('lovasz hinge', (C) => lovasz(C, { form: 'hinge', emptyClass: 'smooth' }), ['sigmoid']),
  cellLosses('lovasz hinge, one score per batch', (C) => lovasz(C, { form: 'hinge', scorePer: 'batch' }), ['sigmoid']),
]

type PixelOptions = (classes: number) => Parameters<typeof pixelLoss>[1]
const categoricalPixel = (name: string, options: PixelOptions, activations = CATEGORICAL): Loss => ({
  name,
  terms: (classes) => [pixelLoss(classes, options(classes))],
  activations,
})
/** The classes of a mixture exclude each other: it has no regions. */
const mixedPixel = (name: string, options: PixelOptions): Loss =>
  categoricalPixel(name, (classes) => ({ softTarget: 'mixed', ...options(classes) }), ['softmax'])
const binaryPixel = (name: string, options: PixelOptions): Loss => ({
  name: `binary ${name}`,
  terms: (classes) => [pixelLoss(classes, { form: 'binary', ...options(classes) })],
  activations: BINARY,
})

/** Functions of the probability of each pixel. */
const PIXELS: readonly Loss[] = [
  categoricalPixel('focal', () => ({})),
  categoricalPixel('focal, gamma 0', (C) => ({ gammas: gammas(C, 0), meanOver: 'pixels' })),
  categoricalPixel('focal, weights, a gamma each class', (C) => ({
    gammas: [0.5, 2, 1].slice(0, C),
    positiveWeights: weights(C),
    meanOver: 'weights',
  })),
  categoricalPixel('focal of a subset of the classes', (C) => ({ classes: [C - 1] })),
  categoricalPixel('focal of a smoothed target, sum', () => ({
    targetScale: 0.9,
    targetOffset: 0.03,
    reduction: 'sum',
  })),
  mixedPixel('focal mixed, weights', (C) => ({
    targetScale: 0.85,
    targetOffset: 0.1,
    positiveWeights: weights(C),
  })),
  mixedPixel('generalized mixed', (C) => ({
    function: 'generalized',
    gammas: gammas(C, 0.5),
    meanOver: 'weights',
  })),
  categoricalPixel('focal reduced', (C) => ({ reducedThreshold: 0.4, gammas: gammas(C, 1.5) })),
  categoricalPixel('focal normalized', (C) => ({ normalized: true, reduction: 'sum', gammas: gammas(C, 0.5) })),
  categoricalPixel('focal, none', () => ({ reduction: 'none' })),
  categoricalPixel('poly', () => ({ function: 'poly' })),
  categoricalPixel('generalized', (C) => ({ function: 'generalized', gammas: gammas(C, 0.5) })),
  binaryPixel('focal', () => ({})),
  binaryPixel('focal, positive and negative weights', (C) => ({
    positiveWeights: weights(C),
    negativeWeights: weights(C).toReversed(),
    gammas: [0.5, 2, 0].slice(0, C),
    meanOver: 'weights',
  })),
  binaryPixel('focal mixed, weights', (C) => ({
    softTarget: 'mixed',
    positiveWeights: weights(C),
    targetScale: 0.8,
    targetOffset: 0.1,
  })),
  binaryPixel('focal signed', (C) => ({ softTarget: 'signed', gammas: gammas(C, 1.5), meanOver: 'pixels' })),
  binaryPixel('focal reduced, normalized', (C) => ({
    softTarget: 'mixed',
    reducedThreshold: 0.4,
    normalized: true,
    classes: [C - 1],
  })),
  binaryPixel('focal normalized', () => ({ normalized: true })),
  binaryPixel('focal signed, normalized, none', () => ({
    softTarget: 'signed',
    normalized: true,
    reduction: 'none',
  })),
  binaryPixel('poly, none', () => ({ function: 'poly', reduction: 'none', classes: [0] })),
  binaryPixel('generalized', (C) => ({ function: 'generalized', gammas: gammas(C, 0.7), reduction: 'sum' })),
  categorical('of the top half', { topPercent: 50 }),
  categorical('of the top third, weighted, none', {
    topPercent: 34,
    classWeights: [0.5, 2, 1.25],
    labelSmoothing: 0.1,
    reduction: 'none',
  }),
  categorical('of the top tenth over all pixels', { topPercent: 10, meanOver: 'pixels' }),
  {
    name: 'dice, focal, lovasz and wasserstein',
    terms: (C) => [
      region(C, { weight: 0.7, form: 'squared-errors' }),
      pixelLoss(C, { weight: -0.5 }),
      lovasz(C, { weight: 1.5 }),
      wasserstein(C, { weight: 2 }),
    ],
    activations: CATEGORICAL,
  },
]

/** Every loss there is. */
export const LOSSES: readonly Loss[] = [...FAMILY, ...REGION, ...CELLS, ...PIXELS]

/** Those that are tried with one class too. */
export const ONE_CLASS_LOSSES: readonly Loss[] = [
  ...LOSSES.filter(({ name }) => !/weight|cross-entropy|over/.test(name)),
  binary('plain'),
]
