/** Options that contradict each other are refused when the criterion is made; what needs the number of classes, when it is known. */
import test from 'ava'

import { FACES, thrown, untyped, type Face } from './faces.ts'

const softmax = { activation: 'softmax' } as const
const none = { activation: 'none' } as const
const sigmoid = { activation: 'sigmoid' } as const
const CONFLICT = 'ERR_MASKLOSS_OPTION_CONFLICT'
const VALUE = 'ERR_MASKLOSS_OPTION_VALUE'
const UNKNOWN = 'ERR_MASKLOSS_OPTION_UNKNOWN'
const TYPE = 'ERR_MASKLOSS_OPTION_TYPE'

type Name = {
  [Key in keyof Face]: Face[Key] extends abstract new (options: never) => unknown
    ? Key extends `${string}Loss`
      ? Key
      : never
    : never
}[keyof Face]

/** [class, options, argument of the error, code] */
const AT_CONSTRUCTION: readonly (readonly [Name, object, string, string])[] = [
  ['DiceLoss', { ...softmax, includeBackground: false, classes: [1] }, 'includeBackground', CONFLICT],
  ['DiceLoss', { ...softmax, includeBackground: true, classes: [1] }, 'includeBackground', CONFLICT],
  ['DiceLoss', { ...sigmoid, includeBackground: false, regions: [[1]] }, 'includeBackground', CONFLICT],
  ['DiceLoss', { ...softmax, classes: [1, 1] }, 'classes', VALUE],
  ['DiceLoss', { ...softmax, classes: [-1] }, 'classes[0]', VALUE],
  ['DiceLoss', { ...softmax, classes: [0.5] }, 'classes[0]', VALUE],
  ['DiceLoss', { ...softmax, weightMode: 'inside' }, 'weightMode', CONFLICT],
  ['DiceLoss', { ...softmax, weightMode: 'inside', classWeights: [1, 2] }, 'weightMode', CONFLICT],
  ['DiceLoss', { ...softmax, scorePer: 'class', weightMode: 'inside', classWeights: [1, 2] }, 'weightMode', CONFLICT],
  ['DiceLoss', { ...softmax, scorePer: 'batch', classWeights: [1, 2] }, 'classWeights', CONFLICT],
  ['DiceLoss', { ...softmax, scorePer: 'sample', classWeights: [1, 2], weightMode: 'mean' }, 'classWeights', CONFLICT],
  ['DiceLoss', { ...softmax, classWeights: [-1, 2] }, 'classWeights[0]', VALUE],
  ['DiceLoss', { ...softmax, smooth: -1 }, 'smooth', VALUE],
  ['DiceLoss', { ...softmax, smooth: '1' }, 'smooth', TYPE],
  ['DiceLoss', { ...softmax, smooth: [1] }, 'smooth', TYPE],
  ['DiceLoss', { ...softmax, smooth: { epsilon: 1 } }, 'smooth', UNKNOWN],
  ['DiceLoss', { ...softmax, regions: [[1], [2]] }, 'regions', CONFLICT],
  ['DiceLoss', { ...none, regions: [[1]], target: 'per-class' }, 'regions', CONFLICT],
  ['DiceLoss', { ...none, regions: [1, 2] }, 'regions[0]', TYPE],
  ['DiceLoss', { ...none, regions: [[]] }, 'regions[0]', VALUE],
  ['DiceLoss', { ...none, regions: [[1]], maskValue: 255 }, 'maskValue', CONFLICT],
  ['DiceLoss', { ...none, maskValue: 255, target: 'per-class' }, 'maskValue', CONFLICT],
  ['DiceLoss', { ...none, maskValue: 255, ignoreIndex: 255 }, 'maskValue', CONFLICT],
  ['DiceLoss', { ...none, maskValue: 0 }, 'maskValue', VALUE],
  ['DiceLoss', { ...softmax, gamma: 2 }, 'options', UNKNOWN],
  ['DiceLoss', { ...softmax, alpha: 0.3 }, 'options', UNKNOWN],
  ['DiceLoss', { activation: 'relu' }, 'activation', VALUE],
  ['DiceLoss', { activation: true }, 'activation', TYPE],
  ['DiceLoss', { ...softmax, layout: 'CNHW' }, 'layout', VALUE],
  ['DiceLoss', { ...softmax, target: 'one-hot' }, 'target', VALUE],
  ['DiceLoss', { ...softmax, ignoreIndex: 0.5 }, 'ignoreIndex', VALUE],
  ['DiceLoss', { ...softmax, checkValues: 1 }, 'checkValues', TYPE],
  ['TverskyLoss', { ...softmax, alpha: -0.1 }, 'alpha', VALUE],
  ['TverskyLoss', { ...softmax, gamma: 1 }, 'options', UNKNOWN],
  ['FocalTverskyLoss', { ...softmax, gamma: 0 }, 'gamma', VALUE],
  ['CrossEntropyLoss', { activation: 'sigmoid' }, 'activation', CONFLICT],
  ['CrossEntropyLoss', { ...softmax, clip: 1e-7 }, 'clip', CONFLICT],
  ['CrossEntropyLoss', { ...none, clip: 0 }, 'clip', VALUE],
  ['CrossEntropyLoss', { ...none, clip: 0.5 }, 'clip', VALUE],
  ['CrossEntropyLoss', { ...softmax, labelSmoothing: 1.5 }, 'labelSmoothing', VALUE],
  ['CrossEntropyLoss', { ...none, regions: [[1], [2]] }, 'options', UNKNOWN],
  ['CrossEntropyLoss', { ...softmax, smooth: 1 }, 'options', UNKNOWN],
  ['BinaryCrossEntropyLoss', { activation: 'softmax' }, 'activation', CONFLICT],
  ['BinaryCrossEntropyLoss', { ...sigmoid, clip: 1e-7 }, 'clip', CONFLICT],
  ['BinaryCrossEntropyLoss', { ...sigmoid, positiveWeights: -1 }, 'positiveWeights', VALUE],
  ['BinaryCrossEntropyLoss', { ...sigmoid, positiveWeights: ['1'] }, 'positiveWeights[0]', TYPE],
  ['DiceCrossEntropyLoss', { activation: 'sigmoid' }, 'activation', CONFLICT],
  ['DiceCrossEntropyLoss', { ...softmax, dice: { reduction: 'none' } }, 'dice.reduction', CONFLICT],
  ['DiceCrossEntropyLoss', { ...softmax, dice: { weight: NaN } }, 'dice.weight', VALUE],
  ['DiceCrossEntropyLoss', { ...softmax, dice: { activation: 'softmax' } }, 'dice', UNKNOWN],
  ['DiceCrossEntropyLoss', { ...softmax, crossEntropy: { clip: 1e-7 } }, 'crossEntropy.clip', CONFLICT],
  ['DiceCrossEntropyLoss', { ...softmax, crossEntropy: 1 }, 'crossEntropy', TYPE],
  ['DiceCrossEntropyLoss', { ...softmax, reduction: 'sum' }, 'options', UNKNOWN],
  ['DiceLoss', { ...softmax, transform: 'power' }, 'transform', VALUE],
  ['DiceLoss', { ...softmax, averaging: 'samples', scorePer: 'class' }, 'averaging', CONFLICT],
  ['DiceLoss', { ...softmax, averaging: 'classes', reduction: 'sum' }, 'averaging', CONFLICT],
  ['DiceLoss', { ...softmax, penalty: 2 }, 'options', UNKNOWN],
  ['DiceLoss', { ...softmax, labelSmoothing: 0.1 }, 'options', UNKNOWN],
  ['LogDiceLoss', { ...softmax, transform: 'negative' }, 'options', UNKNOWN],
  ['FocalTverskyLoss', { ...softmax, gamma: [1, 0] }, 'gamma[1]', VALUE],
  ['FocalTverskyLoss', { ...softmax, gamma: [1, 2], gammaOf: 'mean' }, 'gamma', CONFLICT],
  ['FocalTverskyLoss', { ...softmax, gamma: [1, 2], scorePer: 'sample' }, 'gamma', CONFLICT],
  ['FocalTverskyLoss', { ...softmax, gammaOf: 'mean', reduction: 'none' }, 'gammaOf', CONFLICT],
  ['AsymmetricSimilarityLoss', { ...softmax, fBeta: -1 }, 'fBeta', VALUE],
  ['AsymmetricSimilarityLoss', { ...softmax, beta: 1 }, 'options', UNKNOWN],
  ['GeneralizedDiceLoss', { ...softmax, weighting: 'uniform', absentClass: 'zero' }, 'absentClass', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, weighting: 'uniform', volumeOffset: 1 }, 'volumeOffset', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, weighting: 'uniform', volumeFloor: 1 }, 'volumeFloor', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, absentClass: 'formula' }, 'absentClass', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, absentClass: 'skip' }, 'absentClass', VALUE],
  ['GeneralizedDiceLoss', { ...softmax, penalty: -1 }, 'penalty', VALUE],
  ['GeneralizedDiceLoss', { ...softmax, penalty: 1, transform: 'negative' }, 'penalty', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, scorePer: 'class' }, 'weightMode', CONFLICT],
  ['GeneralizedDiceLoss', { ...softmax, weightMode: 'mean' }, 'weightMode', CONFLICT],
  ['GeneralizedWassersteinDiceLoss', softmax, 'distances', 'ERR_MASKLOSS_OPTION_MISSING'],
  ['GeneralizedWassersteinDiceLoss', { ...softmax, distances: [[0, 1]] }, 'distances[0]', CONFLICT],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [1, 1],
        [1, 0],
      ],
    },
    'distances[0][0]',
    CONFLICT,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, 0],
        [0, 0],
      ],
    },
    'distances',
    CONFLICT,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, -1],
        [1, 0],
      ],
    },
    'distances[0][1]',
    VALUE,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, NaN],
        [1, 0],
      ],
    },
    'distances[0][1]',
    VALUE,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, 1],
        [1, 0],
      ],
      scorePer: 'class',
    },
    'scorePer',
    VALUE,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, 1],
        [1, 0],
      ],
      classWeights: [1, 1],
    },
    'options',
    UNKNOWN,
  ],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...sigmoid,
      distances: [
        [0, 1],
        [1, 0],
      ],
    },
    'activation',
    CONFLICT,
  ],
  ['JaccardMetricLoss', { ...softmax, averages: {} }, 'averages', VALUE],
  ['JaccardMetricLoss', { ...softmax, averages: { data: 0 } }, 'averages', VALUE],
  ['JaccardMetricLoss', { ...softmax, averages: { batch: 1 } }, 'averages', UNKNOWN],
  ['JaccardMetricLoss', { ...softmax, averages: { images: -1 } }, 'averages.images', VALUE],
  ['JaccardMetricLoss', { ...softmax, scorePer: 'class' }, 'options', UNKNOWN],
  ['LovaszSoftmaxLoss', sigmoid, 'activation', CONFLICT],
  ['LovaszSoftmaxLoss', { ...softmax, classWeights: [1, 2] }, 'options', UNKNOWN],
  ['LovaszSoftmaxLoss', { ...softmax, labelSmoothing: 0.1 }, 'options', UNKNOWN],
  ['LovaszSoftmaxLoss', { ...softmax, emptyClass: 'perfect' }, 'emptyClass', VALUE],
  ['LovaszSoftmaxLoss', { ...none, regions: [[1]] }, 'options', UNKNOWN],
  ['LovaszHingeLoss', none, 'activation', VALUE],
  ['LovaszHingeLoss', softmax, 'activation', CONFLICT],
  ['LovaszHingeLoss', { ...sigmoid, smooth: 1 }, 'options', UNKNOWN],
  ['LovaszHingeLoss', { ...sigmoid, averaging: 'samples', scorePer: 'class' }, 'averaging', CONFLICT],
  ['MatthewsCorrelationLoss', { ...softmax, smooth: { numerator: 1 } }, 'smooth', TYPE],
  ['MatthewsCorrelationLoss', { ...softmax, weightMode: 'inside', classWeights: [1, 2] }, 'weightMode', CONFLICT],
  ['MatthewsCorrelationLoss', { ...softmax, scorePer: 'batch', classWeights: [1, 2] }, 'classWeights', CONFLICT],
  ['MatthewsCorrelationLoss', { ...softmax, form: 'squared' }, 'options', UNKNOWN],
  ['SensitivitySpecificityLoss', { ...softmax, sensitivityRatio: 2 }, 'sensitivityRatio', VALUE],
  ['CrossEntropyLoss', { ...softmax, topPercent: 0 }, 'topPercent', VALUE],
  ['CrossEntropyLoss', { ...softmax, topPercent: 101 }, 'topPercent', VALUE],
  ['CrossEntropyLoss', { ...softmax, topPercent: 10, meanOver: 'pixels' }, 'meanOver', CONFLICT],
  ['CrossEntropyLoss', { ...softmax, topPercent: 10, reduction: 'none' }, 'reduction', CONFLICT],
  ['CrossEntropyLoss', { ...softmax, classWeights: [2e12, 1] }, 'classWeights[0]', VALUE],
  ['BinaryCrossEntropyLoss', { ...sigmoid, classWeights: [2e12] }, 'classWeights[0]', VALUE],
  ['BinaryCrossEntropyLoss', { ...sigmoid, positiveWeights: 2e12 }, 'positiveWeights', VALUE],
  ['BinaryCrossEntropyLoss', { ...sigmoid, topPercent: 10 }, 'options', UNKNOWN],
  ['AsymmetricSimilarityLoss', { ...softmax, fBeta: 1e7 }, 'fBeta', VALUE],
  ['FocalLoss', { ...softmax, gamma: -1 }, 'gamma', VALUE],
  ['FocalLoss', { ...softmax, gamma: 1001 }, 'gamma', VALUE],
  ['FocalLoss', { ...softmax, gamma: [2, 1e39] }, 'gamma[1]', VALUE],
  ['FocalLoss', { ...softmax, classWeights: [1, 1e39] }, 'classWeights[1]', VALUE],
  ['FocalLoss', { ...softmax, alpha: 1.5 }, 'alpha', VALUE],
  ['FocalLoss', { ...softmax, alpha: [0.5, 2] }, 'alpha[1]', VALUE],
  ['FocalLoss', { ...softmax, independent: false }, 'independent', CONFLICT],
  ['FocalLoss', { ...sigmoid, independent: true }, 'independent', CONFLICT],
  ['FocalLoss', { ...none, independent: false, regions: [[1]] }, 'independent', CONFLICT],
  ['FocalLoss', { ...softmax, softTarget: 'mixed' }, 'softTarget', CONFLICT],
  ['FocalLoss', { ...none, softTarget: 'mixed' }, 'softTarget', CONFLICT],
  ['FocalLoss', { ...none, independent: true, softTarget: 'signed' }, 'softTarget', CONFLICT],
  ['FocalLoss', { ...softmax, reducedThreshold: 1 }, 'reducedThreshold', VALUE],
  ['FocalLoss', { ...softmax, gamma: 0, reducedThreshold: 1e-7 }, 'reducedThreshold', VALUE],
  ['FocalLoss', { ...softmax, gamma: 2.1, reducedThreshold: 1e-6 }, 'reducedThreshold', VALUE],
  ['FocalLoss', { ...softmax, gamma: [0, 100], reducedThreshold: 0.4 }, 'reducedThreshold', VALUE],
  ['FocalLoss', { ...softmax, normalized: true, meanOver: 'pixels' }, 'meanOver', CONFLICT],
  ['FocalLoss', { ...softmax, normalized: true, reduction: 'sum' }, 'reduction', CONFLICT],
  ['FocalLoss', { ...softmax, clip: 1e-7 }, 'clip', CONFLICT],
  ['FocalLoss', { ...softmax, positiveWeights: 2 }, 'options', UNKNOWN],
  ['PolyLoss', { ...softmax, epsilon: -1.5 }, 'epsilon', VALUE],
  ['PolyLoss', { ...softmax, epsilon: 1e7 }, 'epsilon', VALUE],
  ['PolyLoss', { ...none, clip: 1e-16 }, 'clip', VALUE],
  ['PolyLoss', { ...softmax, gamma: 2 }, 'options', UNKNOWN],
  ['GeneralizedCrossEntropyLoss', { ...softmax, q: 0 }, 'q', VALUE],
  ['GeneralizedCrossEntropyLoss', { ...softmax, q: 1e-7 }, 'q', VALUE],
  ['GeneralizedCrossEntropyLoss', { ...softmax, q: 1.1 }, 'q', VALUE],
  ['ExponentialLogarithmicLoss', { ...softmax, logDice: { gamma: 0 } }, 'logDice.gamma', VALUE],
  ['ExponentialLogarithmicLoss', sigmoid, 'activation', CONFLICT],
  ['AsymmetricUnifiedFocalLoss', { ...softmax, gamma: 1 }, 'gamma', VALUE],
  ['AsymmetricUnifiedFocalLoss', { ...softmax, lambda: 2 }, 'lambda', VALUE],
  ['AsymmetricUnifiedFocalLoss', sigmoid, 'activation', CONFLICT],
  ['DiceBinaryCrossEntropyLoss', softmax, 'activation', CONFLICT],
  ['DiceTopKLoss', { ...softmax, topK: { meanOver: 'pixels' } }, 'topK.meanOver', CONFLICT],
  ['DiceTopKLoss', { ...none, regions: [[1]] }, 'options', UNKNOWN],
  ['DiceFocalLoss', { ...softmax, focal: { reduction: 'none' } }, 'focal.reduction', CONFLICT],
  ['DiceFocalLoss', { ...softmax, alpha: 0.5 }, 'options', UNKNOWN],
  ['GeneralizedDiceFocalLoss', { ...softmax, dice: {} }, 'options', UNKNOWN],
]

/** [class, options, number of classes, argument of the error, code] */
const AT_FIRST_USE: readonly (readonly [Name, object, number, string, string])[] = [
  ['DiceLoss', { ...softmax, classes: [0, 3] }, 3, 'classes', VALUE],
  ['DiceLoss', { ...softmax, classWeights: [1, 2] }, 3, 'classWeights', CONFLICT],
  ['DiceLoss', { ...softmax, includeBackground: false, classWeights: [1, 2] }, 3, 'classWeights', CONFLICT],
  ['DiceLoss', { ...sigmoid, includeBackground: false }, 1, 'includeBackground', CONFLICT],
  ['DiceLoss', softmax, 1, 'activation', CONFLICT],
  ['DiceLoss', { ...sigmoid, regions: [[1], [2]] }, 3, 'regions', CONFLICT],
  ['DiceLoss', { ...sigmoid, maskValue: 255 }, 3, 'maskValue', CONFLICT],
  ['CrossEntropyLoss', none, 1, 'prediction', CONFLICT],
  ['CrossEntropyLoss', softmax, 1, 'activation', CONFLICT],
  ['BinaryCrossEntropyLoss', { ...sigmoid, positiveWeights: [1, 2] }, 3, 'positiveWeights', CONFLICT],
  ['FocalTverskyLoss', { ...softmax, gamma: [1, 2] }, 3, 'gamma', CONFLICT],
  [
    'GeneralizedWassersteinDiceLoss',
    {
      ...softmax,
      distances: [
        [0, 1],
        [1, 0],
      ],
    },
    3,
    'distances',
    CONFLICT,
  ],
  ['FocalLoss', { ...softmax, gamma: [1, 2] }, 3, 'gamma', CONFLICT],
  ['FocalLoss', { ...softmax, alpha: [0.5, 1] }, 3, 'alpha', CONFLICT],
  ['FocalLoss', { ...none, independent: false }, 1, 'prediction', CONFLICT],
  ['FocalLoss', { ...softmax, classes: [3] }, 3, 'classes', VALUE],
  ['PolyLoss', { ...softmax, epsilon: [1] }, 3, 'epsilon', CONFLICT],
  ['LovaszSoftmaxLoss', softmax, 1, 'activation', CONFLICT],
  ['LovaszHingeLoss', { ...sigmoid, includeBackground: false }, 1, 'includeBackground', CONFLICT],
  ['AsymmetricUnifiedFocalLoss', none, 1, 'prediction', CONFLICT],
  [
    'DiceCrossEntropyLoss',
    { ...softmax, crossEntropy: { classWeights: [1] } },
    3,
    'crossEntropy.classWeights',
    CONFLICT,
  ],
]

for (const [face, module] of FACES) {
  const make = (name: Name, options: object): InstanceType<Face[Name]> => new module[name](untyped(options))

  for (const [name, options, argument, code] of AT_CONSTRUCTION) {
    test(`${face}: ${name} ${JSON.stringify(options)}`, (t) => {
      const error = thrown(() => make(name, options)) as Error & { argument?: string; code?: string }
      t.deepEqual([error.argument, error.code], [argument, code], error.message)
    })
  }
  test(`${face}: sorted pixels do not weigh`, (t) => {
    const pixelWeights = new Float32Array(4)
    const prediction = { data: new Float32Array(8), shape: [1, 2, 2, 2] }
    const criteria = [
      new module.LovaszSoftmaxLoss(softmax),
      module.combine([
        [1, new module.DiceLoss(softmax)],
        [1, new module.LovaszSoftmaxLoss(softmax)],
      ]),
    ]
    for (const criterion of criteria) {
      const error = thrown(() => criterion.evaluate(prediction, new Uint8Array(4), { pixelWeights }))
      t.regex(error.message, /^Expected .* for pixelWeights but found lovaszSoftmax, which sorts them; /)
    }
  })

  for (const [name, options, classes, argument, code] of AT_FIRST_USE) {
    test(`${face}: ${name} ${JSON.stringify(options)} with ${classes} classes`, (t) => {
      const criterion = make(name, options)
      const prediction = { data: new Float32Array(classes * 4), shape: [1, classes, 2, 2] }
      const error = thrown(() => criterion.evaluate(prediction, new Uint8Array(4))) as Error & {
        argument?: string
        code?: string
      }
      t.deepEqual([error.argument, error.code], [argument, code], error.message)
    })
  }
}
