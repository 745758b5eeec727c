import type { Activation, CriterionSpec, Term } from '../../src/engine.ts'
import { binaryCrossEntropy, criterion, crossEntropy, type Data, region } from './build.ts'
import { randomData } from './data.ts'

/** One row of the table that every engine goes through: a criterion and what it is evaluated on. */
export interface EngineCase {
  readonly name: string
  readonly spec: CriterionSpec
  readonly data: Data
}

/** A loss over C classes, and the activations that it has a meaning for. */
interface Loss {
  readonly name: string
  readonly terms: (classes: number) => Term[]
  readonly activations: readonly Activation[]
}

const ANY: readonly Activation[] = ['softmax', 'sigmoid', 'none']
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
  activations: ['softmax', 'none'],
})
const binary = (name: string, options: Parameters<typeof binaryCrossEntropy>[0] = {}): Loss => ({
  name: `binary cross-entropy ${name}`,
  terms: () => [binaryCrossEntropy(options)],
  activations: ['sigmoid', 'none'],
})

/** Every loss of the family, each option at least once. */
const LOSSES: readonly Loss[] = [
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
    activations: ['softmax', 'none'],
  },
  {
    name: 'dice and binary cross-entropy',
    terms: (classes) => [region(classes, { form: 'squared' }), binaryCrossEntropy({ weight: 2 })],
    activations: ['sigmoid', 'none'],
  },
]

/** What a loss is evaluated on: class 2 is absent from the labels of the second kind. */
const KINDS = [
  { name: 'labels', target: 'labels', channelsLast: false },
  { name: 'labels, class 2 absent, channels last', target: 'labels', labels: [0, 1], channelsLast: true },
  { name: 'labels, ignored and weighted', target: 'labels', ignoreIndex: 255, labels: [0, 1, 2, 255], weighted: true },
  { name: 'labels, a class ignored, channels last', target: 'labels', ignoreIndex: 0, channelsLast: true },
  { name: 'planes, class 0 ignored', target: 'one-hot', ignoreIndex: 0 },
  { name: 'soft planes, weighted, channels last', target: 'soft', channelsLast: true, weighted: true },
  { name: 'regions', target: 'labels', labels: [0, 1, 2, 3], regions: [[1, 2, 3], [2, 3], [3]] },
] as const

/** The table: every loss on every kind of data, under every activation that it has a meaning for. */
export const CASES: readonly EngineCase[] = LOSSES.flatMap((loss, i) =>
  loss.activations.flatMap((activation) =>
    KINDS.flatMap((kind, j) => {
      if ('regions' in kind && activation === 'softmax') return []
      const classes = 3
      const spec = criterion(classes, loss.terms(classes), {
        activation,
        ignoreIndex: 'ignoreIndex' in kind ? kind.ignoreIndex : undefined,
        regions: 'regions' in kind ? kind.regions : undefined,
      })
      const data = randomData({ activation, classes, seed: 1 + i * 31 + j, ...kind })
      return [{ name: `${loss.name}, ${activation}, ${kind.name}`, spec, data }]
    }),
  ),
)

/** The same for one class: labels 0 and 1, or 0 and the mask value. */
export const ONE_CLASS_CASES: readonly EngineCase[] = [
  ...LOSSES.filter(({ name }) => !/weight|cross-entropy|over/.test(name)),
  binary('plain'),
].flatMap((loss, i) =>
  loss.activations
    .filter((activation) => activation !== 'softmax')
    .map((activation) => ({
      name: `${loss.name}, one class, ${activation}`,
      spec: criterion(1, loss.terms(1), { activation, maskValue: 255 }),
      data: randomData({ activation, classes: 1, labels: [0, 255], seed: 7 + i }),
    })),
)
