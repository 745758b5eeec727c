// Prints the table of docs/conventions.md: "Dice loss" of many libraries for the same tensors, each by its convention and by options
// of ours, which must agree. The page holds what this prints; a test compares them.
import { conventions, diceLoss, generalizedDiceLoss, jaccardLoss } from 'maskloss/reference'

const [samples, classes, pixels] = [2, 3, 6]
const planes = [samples, classes, 2, 3]
const last = [samples, 2, 3, classes]

/** The logits, `[N, C, H, W]`. */
const LOGITS = [
  [
    [-1.1875, 0.0625, -2.8125, 1.6875, 1.8125, 2.0625],
    [2.5, 2.5, -2.6875, -1.375, 2.875, -2],
    [-1.8125, -0.8125, -0.8125, 1.875, -2, 0.25],
  ],
  [
    [0.5, -0.25, -0.8125, 1.4375, 1.9375, 2.8125],
    [-2.0625, 1.9375, 1.9375, 1.375, -2.875, 1.3125],
    [-1, 1.375, 3, 2.6875, -0.0625, -2.1875],
  ],
].flat(2)
const LABELS = [0, 1, 0, 0, 0, 2, 0, 2, 1, 2, 2, 2]

/** The same elements with the classes last. */
function channelsLast(data) {
  return Float64Array.from(data, (_, index) => {
    const [sample, pixel, c] = [
      Math.floor(index / (classes * pixels)),
      Math.floor(index / classes) % pixels,
      index % classes,
    ]
    return data[(sample * classes + c) * pixels + pixel]
  })
}

/** A function of class, label and pixel, as `[N, C, …]`. */
function perClass(labels, value) {
  return Float64Array.from({ length: samples * classes * pixels }, (_, index) => {
    const sample = Math.floor(index / (classes * pixels))
    return value(Math.floor(index / pixels) % classes === labels[sample * pixels + (index % pixels)])
  })
}

function softmax(logits) {
  return logits.map((z, index) => {
    const first = index - (Math.floor(index / pixels) % classes) * pixels
    const sum = [0, 1, 2].reduce((total, c) => total + Math.exp(logits[first + c * pixels]), 0)
    return Math.exp(z) / sum
  })
}

/** The tensors of a column in the shapes that libraries take. */
function tensors(logits, labels) {
  const onehot = perClass(labels, Number)
  const map = Int32Array.from(labels)
  return {
    logits: { data: logits, shape: planes },
    logitsLast: { data: channelsLast(logits), shape: last },
    probabilitiesLast: { data: channelsLast(softmax(logits)), shape: last },
    labels: { data: map, shape: [samples, 2, 3] },
    labelsWithAxis: { data: map, shape: [samples, 1, 2, 3] },
    onehot: { data: onehot, shape: planes },
    onehotLast: { data: channelsLast(onehot), shape: last },
  }
}

const absent = LABELS.map((label) => (label === 2 ? 0 : label))
const COLUMNS = [
  tensors(Float64Array.from(LOGITS), LABELS),
  tensors(Float64Array.from(LOGITS), absent),
  // 60 above the other logits: probability 1 to the last digit.
  tensors(
    perClass(absent, (own) => (own ? 60 : 0)),
    absent,
  ),
]

/** The prediction and the target that a library takes. */
const TAKES = {
  monai: ['logits', 'labelsWithAxis'],
  smp: ['logits', 'labels'],
  nnunet: ['logits', 'labelsWithAxis'],
  keras: ['probabilitiesLast', 'onehotLast'],
  kornia: ['logits', 'labels'],
  optax: ['logitsLast', 'onehotLast'],
  segloss: ['logits', 'labelsWithAxis'],
  pytorch3dunet: ['logits', 'onehot'],
  vnet: ['logits', 'labels'],
  seed: ['logitsLast', 'onehotLast'],
  jdt: ['logits', 'labels'],
}

const monai = { softmax: true, toOnehotY: true }
const nnunet = { applyNonlin: 'softmax', ddp: false }

// A library's loss and its options; ours and its options; and what is added to ours, where the library returns minus the score.
/** @type {ReadonlyArray<readonly [name: string, options: object, ours: any, ownOptions: object, added?: number]>} */
const ROWS = [
  ['monai.DiceLoss', monai, diceLoss, {}],
  ['monai.DiceLoss', { ...monai, includeBackground: false }, diceLoss, { includeBackground: false }],
  ['monai.DiceLoss', { ...monai, batch: true }, diceLoss, { scorePer: 'class' }],
  ['monai.DiceLoss', { ...monai, squaredPred: true }, diceLoss, { form: 'squared' }],
  ['monai.GeneralizedDiceLoss', monai, generalizedDiceLoss, {}],
  [
    'smp.DiceLoss',
    { mode: 'multiclass' },
    diceLoss,
    { scorePer: 'class', form: 'absolute', smooth: { floor: 2e-7 }, emptyClass: 'perfect' },
  ],
  ['nnunet.SoftDiceLoss', nnunet, diceLoss, { smooth: 1 }, -1],
  [
    'nnunet.SoftDiceLoss',
    { ...nnunet, batchDice: true, doBg: false, smooth: 1e-5 },
    diceLoss,
    { scorePer: 'class', includeBackground: false },
    -1,
  ],
  ['keras.Dice', {}, diceLoss, { scorePer: 'batch', smooth: { denominator: 1e-7 } }],
  ['keras.Dice', { axis: [1, 2] }, diceLoss, { smooth: { denominator: 1e-7 } }],
  ['kornia.diceLoss', {}, diceLoss, { scorePer: 'sample', smooth: { denominator: 1e-8 } }],
  ['kornia.diceLoss', { average: 'macro' }, diceLoss, { smooth: { denominator: 1e-8 } }],
  ['optax.diceLoss', {}, diceLoss, { smooth: 1, smoothScale: 'overlap' }],
  ['segloss.SoftDiceLoss', {}, diceLoss, { smooth: 1 }, -1],
  [
    'pytorch3dunet.DiceLoss',
    { normalization: 'softmax' },
    diceLoss,
    { scorePer: 'class', form: 'squared', smooth: { floor: 1e-6 } },
  ],
  ['vnet.DiceLoss', { fromLogits: true }, diceLoss, { form: 'squared', smooth: 0, includeBackground: false }],
  ['seed.dice', { fromLogits: true }, diceLoss, { scorePer: 'class', smooth: 1e-7 }],
  [
    'jdt.JDTLoss',
    {},
    jaccardLoss,
    { scorePer: 'class', form: 'absolute', smooth: 1e-3, smoothScale: 'overlap', emptyClass: 'skip' },
  ],
]

/** A value as it is written in JavaScript. */
function literal(value) {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'number' && value < 1e-4 && value > 0) return value.toExponential()
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  const entries = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`)
  return `{ ${entries.join(', ')} }`
}

/** Options behind a name; nothing where there are none. */
const written = (options) => (Object.keys(options).length === 0 ? '' : `(${literal(options)})`)
const digits = (number) => (Math.abs(number) < 5e-5 ? 0 : number).toFixed(4).replace('-', '−')

console.log('| the loss | the tensors | a class absent | absent, and a perfect prediction | with options of ours |')
console.log('| --- | --- | --- | --- | --- |')
for (const [name, options, ours, ownOptions, added = 0] of ROWS) {
  const [library, entry] = name.split('.')
  const [prediction, target] = TAKES[library]
  const criterion = conventions[library][entry](options)
  const cells = COLUMNS.map((column) => {
    // The mean, where a library returns one loss a sample.
    const { values } = criterion.evaluate(column[prediction], column[target])
    const loss = values.reduce((sum, value) => sum + value, 0) / values.length
    const own = ours(column.logits, column.labels, { activation: 'softmax', ...ownOptions }).loss + added
    if (!(Math.abs(loss - own) < 1e-5)) throw new Error(`${name} is ${loss}, and ours ${own}`)
    return digits(loss)
  })
  const call = `${ours.name}${written(ownOptions)}${added === 0 ? '' : ' − 1'}`
  console.log(`| \`${name}${written(options)}\` | ${cells.join(' | ')} | \`${call}\` |`)
}
