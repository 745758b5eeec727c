/** Weighted sums of losses: the sum of what the losses give apart, in value and gradient, and one set of shared options. */
import test from 'ava'

import { FACES, thrown, untyped, type Face } from './faces.ts'

const shape = [2, 3, 4, 5]
const logits = Float64Array.from({ length: 120 }, (_, index) => Math.sin(index * 1.7) * 2)
const labels = Uint8Array.from({ length: 40 }, (_, index) => (index * 7) % 3)
const softmax = { activation: 'softmax' } as const
const call = { shape, gradient: true } as const

type Criterion = Parameters<Face['combine']>[0][number][1]

for (const [face, module] of FACES) {
  const { combine, CrossEntropyLoss, DiceCrossEntropyLoss, DiceLoss, FocalLoss, LovaszSoftmaxLoss } = module
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))

  test(`${face}: a combination is the weighted sum of its losses, and so is its gradient`, (t) => {
    const dice = new DiceLoss({ ...softmax, includeBackground: false })
    const losses: (readonly [number, Criterion])[] = [
      [1, dice],
      [0.5, new FocalLoss({ ...softmax, gamma: 2 })],
      [-2, new LovaszSoftmaxLoss(softmax)],
      [3, new DiceLoss({ ...softmax, scorePer: 'class' })],
    ]
    const whole = combine(losses).evaluate(logits, labels, call)
    const apart = losses.map(([, criterion]) => criterion.evaluate(logits, labels, call))
    t.deepEqual(Object.keys(whole.terms), ['dice', 'focal', 'lovaszSoftmax', 'dice2'])
    t.deepEqual(
      Object.values(whole.terms),
      apart.map(({ loss }) => loss),
    )
    t.true(
      near(
        whole.loss,
        apart.reduce((sum, { loss }, i) => sum + losses[i]![0] * loss, 0),
      ),
    )
    for (const [index, slope] of whole.gradient.entries()) {
      const sum = apart.reduce((total, { gradient }, i) => total + losses[i]![0] * gradient[index]!, 0)
      t.true(Math.abs(slope - sum) <= 1e-7)
    }
    t.deepEqual(whole.values, dice.evaluate(logits, labels, call).values)
  })

  test(`${face}: a compound brings its terms, each with its own weight, and combinations nest`, (t) => {
    const compound = new DiceCrossEntropyLoss({ ...softmax, crossEntropy: { weight: 0.25 } })
    const inner = combine([
      [2, compound],
      [1, new CrossEntropyLoss({ ...softmax, labelSmoothing: 0.1 })],
    ])
    const { loss, terms } = combine([[3, inner]]).evaluate(logits, labels, { shape })
    t.deepEqual(Object.keys(terms), ['dice', 'crossEntropy', 'crossEntropy2'])
    const [dice, crossEntropy, smoothed] = Object.values(terms) as [number, number, number]
    t.true(near(loss, 3 * (2 * dice + 2 * 0.25 * crossEntropy + smoothed)))
    t.true(near(compound.evaluate(logits, labels, { shape }).loss, dice + 0.25 * crossEntropy))
  })

  test(`${face}: cross-entropies of one clip, and a function of the probabilities with its own`, (t) => {
    const none = { activation: 'none', checkValues: false } as const
    const losses = [
      [1, new CrossEntropyLoss({ ...none, clip: 0.2 })],
      [1, new FocalLoss({ ...none, clip: 0.3 })],
      [1, new module.BinaryCrossEntropyLoss({ ...none, clip: 0.2 })],
    ] as const
    const probabilities = Float64Array.from({ length: 120 }, (_, index) => (index % 7) / 6)
    const { loss } = combine(losses).evaluate(probabilities, labels, { shape })
    const apart = losses.map(([, criterion]) => criterion.evaluate(probabilities, labels, { shape }).loss)
    t.true(
      near(
        loss,
        apart.reduce((sum, each) => sum + each, 0),
      ),
    )
  })

  test(`${face}: the compounds by name are combinations`, (t) => {
    const { diceFocalLoss, diceTopKLoss, generalizedDiceFocalLoss, diceBinaryCrossEntropyLoss } = module
    const { GeneralizedDiceLoss, BinaryCrossEntropyLoss } = module
    const sigmoid = { activation: 'sigmoid', regions: [[1, 2], [2], [0]] } as const
    const pairs = [
      [
        diceFocalLoss(logits, labels, { ...softmax, ...call, focal: { gamma: 3, weight: 0.5 } }),
        [1, 0.5],
        [new DiceLoss(softmax), new FocalLoss({ ...softmax, gamma: 3 })],
      ],
      [
        diceTopKLoss(logits, labels, { ...softmax, ...call }),
        [1, 1],
        [new DiceLoss(softmax), new CrossEntropyLoss({ ...softmax, topPercent: 10 })],
      ],
      [
        generalizedDiceFocalLoss(logits, labels, { ...softmax, ...call }),
        [1, 1],
        [new GeneralizedDiceLoss(softmax), new FocalLoss(softmax)],
      ],
      [
        diceBinaryCrossEntropyLoss(logits, labels, { ...sigmoid, ...call }),
        [1, 1],
        [new DiceLoss(sigmoid), new BinaryCrossEntropyLoss(sigmoid)],
      ],
    ] as const
    for (const [named, weights, criteria] of pairs) {
      const combined = combine(criteria.map((criterion, i) => [weights[i]!, criterion])).evaluate(logits, labels, call)
      t.is(named.loss, combined.loss)
      t.deepEqual(Object.values(named.terms), Object.values(combined.terms))
      t.deepEqual(named.gradient, combined.gradient)
    }
  })

  test(`${face}: a single loss keeps its reduction`, (t) => {
    const criterion = combine([[2, new DiceLoss({ ...softmax, reduction: 'none' })]])
    const { loss, values } = criterion.evaluate(logits, labels, { shape })
    t.true(near(loss, 2 * values.reduce((sum, value) => sum + value, 0)))
  })

  const dice = new DiceLoss(softmax)
  const other = (options: object): Criterion => new DiceLoss(untyped({ ...softmax, ...options }))
  /** [what is combined, argument of the error, code] */
  const REFUSED: readonly (readonly [string, unknown, string, string])[] = [
    [
      'another activation',
      [
        [1, dice],
        [1, new DiceLoss({ activation: 'sigmoid' })],
      ],
      'activation',
      'CONFLICT',
    ],
    [
      'another layout',
      [
        [1, dice],
        [1, other({ layout: 'NHWC' })],
      ],
      'layout',
      'CONFLICT',
    ],
    [
      'another target',
      [
        [1, dice],
        [1, other({ target: 'labels' })],
      ],
      'target',
      'CONFLICT',
    ],
    [
      'another ignored label',
      [
        [1, dice],
        [1, other({ ignoreIndex: 255 })],
      ],
      'ignoreIndex',
      'CONFLICT',
    ],
    [
      'other checks',
      [
        [1, dice],
        [1, other({ checkValues: false })],
      ],
      'checkValues',
      'CONFLICT',
    ],
    [
      'another mask value',
      [
        [1, new DiceLoss({ activation: 'none', maskValue: 255 })],
        [1, new DiceLoss({ activation: 'none' })],
      ],
      'maskValue',
      'CONFLICT',
    ],
    [
      'other regions',
      [
        [1, new DiceLoss({ activation: 'none', regions: [[1, 2], [2]] })],
        [1, new CrossEntropyLoss({ activation: 'none' })],
      ],
      'target',
      'CONFLICT',
    ],
    [
      'regions of another order',
      [
        [1, new DiceLoss({ activation: 'none', regions: [[1, 2], [2]] })],
        [1, new DiceLoss({ activation: 'none', regions: [[2], [1, 2]] })],
      ],
      'regions',
      'CONFLICT',
    ],
    [
      'another clip of a cross-entropy',
      [
        [1, new DiceLoss({ activation: 'none' })],
        [1, new module.DiceCrossEntropyLoss({ activation: 'none' })],
        [1, new module.BinaryCrossEntropyLoss({ activation: 'none', clip: 1e-6 })],
      ],
      'clip',
      'CONFLICT',
    ],
    [
      'a loss per cell',
      [
        [1, dice],
        [1, other({ reduction: 'none' })],
      ],
      'losses[1][1].reduction',
      'CONFLICT',
    ],
    ['nothing', [], 'losses', 'TYPE'],
    ['no list', dice, 'losses', 'TYPE'],
    ['no pair', [dice], 'losses[0]', 'TYPE'],
    ['a function', [[1, module.diceLoss]], 'losses[0][1]', 'TYPE'],
    ['what looks like a criterion', [[1, { evaluate: () => 0 }]], 'losses[0][1]', 'TYPE'],
    ['a factor in letters', [['1', dice]], 'losses[0][0]', 'TYPE'],
    ['a factor beyond single precision', [[-2e12, dice]], 'losses[0][0]', 'VALUE'],
    ['a factor of infinity', [[Infinity, dice]], 'losses[0][0]', 'VALUE'],
    [
      'factors whose product is beyond single precision',
      [
        [1, dice],
        [1e12, combine([[-2, dice]])],
      ],
      'losses[1][0]',
      'VALUE',
    ],
    [
      'a factor that is too large times the weight of a term',
      [[1e12, new DiceCrossEntropyLoss({ ...softmax, crossEntropy: { weight: 2 } })]],
      'losses[0][0]',
      'VALUE',
    ],
  ]
  for (const [name, losses, argument, code] of REFUSED) {
    test(`${face}: a combination refuses ${name}`, (t) => {
      const error = thrown(() => combine(untyped(losses))) as Error & { argument?: string; code?: string }
      t.deepEqual([error.argument, error.code], [argument, `ERR_MASKLOSS_OPTION_${code}`], error.message)
    })
  }
}
