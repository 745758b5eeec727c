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
