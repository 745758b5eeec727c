/** Losses of maskloss in tfjs: beside the same losses in operations of tfjs, on two backends and from both engines. */
import * as tf from '@tensorflow/tfjs-core'
import * as tfl from '@tensorflow/tfjs-layers'
import test, { type ExecutionContext } from 'ava'

import { isMasklossError, type ConventionCriterion, type LossCriterion } from '../src/index.ts'
import * as reference from '../src/reference/index.ts'
import { tfLoss } from '../src/tfjs.ts'
import { FACES, thrown, untyped, type Face } from './faces.ts'
import {
  BACKENDS,
  binaryCrossEntropy,
  crossEntropy,
  dice,
  focal,
  ofSoftmax,
  plus,
  pooledSquaredDice,
  type Twin,
} from './twins/tfjs.ts'

const softmax = { activation: 'softmax' } as const
const CLASSES = 3

/** Largest difference, as a part of the largest number expected. */
function difference(found: tf.Tensor, expected: tf.Tensor): number {
  return tf.tidy(() => {
    const [most, largest] = [tf.max(tf.abs(tf.sub(found, expected))), tf.max(tf.abs(expected))]
    return most.dataSync()[0]! / largest.dataSync()[0]!
  })
}

function close(t: ExecutionContext, found: tf.Tensor, expected: tf.Tensor): void {
  const far = difference(found, expected)
  t.deepEqual(found.shape, expected.shape)
  t.true(far <= 1e-5, `${far}`)
}

/** Logits and the labels of as many classes; `seed` for others of the same kind. */
function data(shape: readonly number[], seed = 1): { z: tf.Tensor; labels: tf.Tensor; planes: tf.Tensor } {
  const z = tf.randomNormal([...shape], 0, 2, 'float32', seed)
  const labels = tf.cast(tf.randomUniform(shape.slice(0, -1), 0, CLASSES, 'float32', seed + 1), 'int32')
  return { z, labels, planes: tf.oneHot(labels, CLASSES) }
}

const LOSSES: readonly (readonly [title: string, make: (face: Face) => LossCriterion<never>, twin: Twin])[] = [
  ['Dice of softmax', (face) => new face.DiceLoss({ ...softmax, smooth: 1 }), ofSoftmax(dice)],
  [
    'squared Dice, the batch pooled',
    (face) => new face.DiceLoss({ ...softmax, form: 'squared', scorePer: 'class', smooth: 0.1 }),
    ofSoftmax(pooledSquaredDice),
  ],
  [
    'Dice + cross-entropy',
    (face) => new face.DiceCrossEntropyLoss({ ...softmax, dice: { smooth: 1 } }),
    plus(ofSoftmax(dice), crossEntropy),
  ],
  ['focal', (face) => new face.FocalLoss(softmax), focal],
  ['sigmoid cross-entropy', (face) => new face.BinaryCrossEntropyLoss({ activation: 'sigmoid' }), binaryCrossEntropy],
  [
    'a combination',
    (face) =>
      face.combine([
        [1, new face.CrossEntropyLoss(softmax)],
        [0.5, new face.FocalLoss(softmax)],
      ]),
    plus(crossEntropy, focal, 0.5),
  ],
]
const SHAPES = [
  [6, CLASSES],
  [2, 7, CLASSES],
  [2, 5, 4, CLASSES],
  [2, 3, 5, 4, CLASSES],
] as const

for (const backend of BACKENDS) {
  for (const [name, face] of FACES) {
    for (const [title, make, twin] of LOSSES) {
      test.serial(`${title} of ${name} on ${backend}: value and gradient are those of tfjs' operations`, async (t) => {
        await tf.setBackend(backend)
        for (const shape of SHAPES) {
          const { z, planes } = data(shape)
          const loss = tfLoss(make(face))
          // A factor, so that what comes back to the loss is not 1.
          const found = tf.valueAndGrad((z) => tf.mul(3, loss(planes, z)))(z)
          const expected = tf.valueAndGrad((z) => tf.mul(3, twin(tf.cast(planes, 'float32'), z)))(z)
          close(t, found.value, expected.value)
          close(t, found.grad, expected.grad)
        }
      })
    }
  }

  test.serial(`probabilities on ${backend}: the gradient goes on through tfjs' softmax`, async (t) => {
    await tf.setBackend(backend)
    const { z, planes } = data([2, 5, 4, CLASSES])
    const loss = tfLoss(new reference.DiceLoss({ activation: 'none', smooth: 1 }))
    const found = tf.valueAndGrad((z) => loss(planes, tf.softmax(z)))(z)
    const expected = tf.valueAndGrad((z) => ofSoftmax(dice)(tf.cast(planes, 'float32'), z))(z)
    close(t, found.value, expected.value)
    close(t, found.grad, expected.grad)
  })

  test.serial(`one loss however the target is written, on ${backend}`, async (t) => {
    await tf.setBackend(backend)
    const { z, labels, planes } = data([2, 5, 4, CLASSES])
    const loss = tfLoss(new reference.DiceLoss(softmax))
    const named = tfLoss(new reference.DiceLoss({ ...softmax, layout: 'NHWC' }))
    const { value, grad } = tf.valueAndGrad((z) => loss(labels, z))(z)
    const same = (other: typeof loss, target: tf.Tensor): void => {
      const found = tf.valueAndGrad((z) => other(target, z))(z)
      t.deepEqual([...found.value.dataSync(), ...found.grad.dataSync()], [...value.dataSync(), ...grad.dataSync()])
    }
    const column = [...labels.shape, 1]
    for (const target of [planes, tf.cast(planes, 'float32'), tf.cast(planes, 'bool')]) same(loss, target)
    for (const target of [tf.cast(labels, 'float32'), tf.reshape(labels, column)]) same(loss, target)
    same(named, labels)

    const foreground = tf.randomNormal(column, 0, 2, 'float32', 5)
    const mask = tf.cast(tf.equal(labels, 1), 'int32')
    const binary = tfLoss(new reference.DiceLoss({ activation: 'sigmoid' }))
    const values = [mask, tf.reshape(mask, column), tf.cast(mask, 'bool'), tf.cast(mask, 'float32')].map(
      (target) => binary(target, foreground).dataSync()[0],
    )
    const noClasses = tfLoss(new reference.DiceLoss({ activation: 'sigmoid', layout: 'NHW' }))
    values.push(noClasses(mask, tf.reshape(foreground, labels.shape)).dataSync()[0])
    t.is(new Set(values).size, 1)
  })

  test.serial(`tfjs' tensors are as many as before, with and without a gradient, on ${backend}`, async (t) => {
    await tf.setBackend(backend)
    const { z, planes } = data([2, 5, 4, CLASSES])
    const loss = tfLoss(new reference.DiceLoss(softmax))
    const before = tf.memory()
    loss(planes, z).dispose()
    tf.dispose(tf.valueAndGrad((z) => loss(planes, z))(z))
    t.deepEqual([tf.memory().numTensors, tf.memory().numBytes], [before.numTensors, before.numBytes])
    t.is(
      tf.tidy(() => loss(planes, z).rank),
      0,
    )
    t.is(tf.memory().numTensors, before.numTensors)
  })

  test.serial(
    `a model compiled with a criterion trains as with the loss in operations of tfjs, on ${backend}`,
    async (t) => {
      await tf.setBackend(backend)
      const x = tf.randomNormal([4, 8, 8, 1], 0, 1, 'float32', 1)
      const masks = tf.cast(tf.greater(tf.avgPool(x as tf.Tensor4D, 3, 1, 'same'), 0.1), 'int32')
      const planes = tf.oneHot(tf.reshape(masks, [4, 8, 8]), 2)
      const criterion = new reference.DiceCrossEntropyLoss({ ...softmax, dice: { smooth: 1 } })
      const twin = plus(ofSoftmax(dice), crossEntropy)
      const histories = []
      const models = []
      for (const loss of [tfLoss(criterion), (g: tf.Tensor, z: tf.Tensor) => twin(tf.cast(g, 'float32'), z)]) {
        const model = convolutions()
        model.compile({ optimizer: tf.train.adam(0.03), loss })
        const { history } = await model.fit(x, planes, { epochs: 8, batchSize: 3, shuffle: false, verbose: 0 })
        histories.push(history['loss'])
        models.push(model)
      }
      const [found, expected] = histories as [number[], number[]]
      t.true(found.at(-1)! < 0.7 * found[0]!, found.join(' '))
      // Steps of Adam go by the sign where a gradient is nearly 0: what differs by rounding may part a little.
      for (const [epoch, loss] of found.entries()) t.true(Math.abs(loss - expected[epoch]!) < 1e-3, `${loss}`)

      const [model] = models as [tfl.Sequential]
      const evaluated = model.evaluate(x, planes, { batchSize: 4 }) as tf.Scalar
      const output = model.predict(x) as tf.Tensor
      const { loss } = criterionOf('NHWC').evaluate(output, planes)
      t.true(Math.abs(evaluated.dataSync()[0]! - loss) < 1e-6)
    },
  )

  test.serial(`tf.variableGrads on ${backend}: the same function, with labels`, async (t) => {
    await tf.setBackend(backend)
    const model = convolutions()
    const x = tf.randomNormal([2, 8, 8, 1], 0, 1, 'float32', 1)
    const { labels } = data([2, 8, 8, 2], 3)
    const mask = tf.cast(tf.greater(labels, 0), 'int32')
    const loss = tfLoss(new reference.DiceLoss({ ...softmax, smooth: 1 }))
    const apply = (): tf.Tensor => model.apply(x, { training: true }) as tf.Tensor
    const found = tf.variableGrads(() => loss(mask, apply()))
    // tfjs' oneHot of float32 on wasm has the bits of integers.
    const planes = tf.cast(tf.oneHot(mask, 2), 'float32')
    const expected = tf.variableGrads(() => tf.mean(ofSoftmax(dice)(planes, apply())) as tf.Scalar)
    close(t, found.value, expected.value)
    t.is(Object.keys(found.grads).length, 4)
    for (const [name, gradient] of Object.entries(found.grads)) close(t, gradient, expected.grads[name]!)
  })
}

/** Two convolutions to two classes of logits, the same weights each time. */
function convolutions(): tfl.Sequential {
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 7 })
  const options = { kernelSize: 3, padding: 'same', kernelInitializer } as const
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({ ...options, inputShape: [8, 8, 1], filters: 4, activation: 'tanh' }),
      tfl.layers.conv2d({ ...options, filters: 2 }),
    ],
  })
}

function criterionOf(layout: 'NHWC'): LossCriterion<never> {
  return new reference.DiceCrossEntropyLoss({ ...softmax, layout, dice: { smooth: 1 } })
}

const CONVOLUTIONS: readonly (readonly [
  strides: [number, number],
  pad: 'same' | 'valid' | number,
  extents: [number, number],
])[] = [
  [[1, 1], 'same', [3, 3]],
  [[2, 2], 'same', [3, 2]],
  [[2, 1], 'valid', [3, 2]],
  [[2, 2], 1, [3, 3]],
]

for (const [strides, pad, extents] of CONVOLUTIONS) {
  test.serial(`the filter's gradient on wasm is that on cpu: strides ${strides.join(' ')}, pad ${pad}`, async (t) => {
    const gradients = []
    for (const backend of BACKENDS) {
      await tf.setBackend(backend)
      const x: tf.Tensor4D = tf.randomNormal([2, 9, 8, 3], 0, 1, 'float32', 1)
      const filter: tf.Tensor4D = tf.randomNormal([...extents, 3, 4], 0, 1, 'float32', 2)
      const rounding = pad === 1 ? 'floor' : undefined
      const energy = (w: tf.Tensor): tf.Tensor =>
        tf.sum(tf.square(tf.conv2d(x, w as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding)))
      gradients.push(await tf.grad(energy)(filter).array())
    }
    close(t, tf.tensor(gradients[1]!), tf.tensor(gradients[0]!))
  })
}

const code = (call: () => unknown): string => {
  const error = thrown(call)
  return isMasklossError(error) ? error.code : error.message
}

test.serial('criteria that cannot be a loss of tfjs are refused when it is made', (t) => {
  for (const layout of ['NCHW', 'CHW', 'NCW', 'NCDHW'] as const) {
    const error = thrown(() => tfLoss(new reference.DiceLoss({ ...softmax, layout })))
    t.regex(error.message, /channels last.*leave layout out/)
    t.true(error instanceof reference.MasklossRangeError)
    t.is(
      code(() => tfLoss(new reference.DiceLoss({ ...softmax, layout }))),
      'ERR_MASKLOSS_LAYOUT',
    )
  }
  for (const layout of ['NHW', 'NC', 'NDHWC'] as const) {
    t.notThrows(() => tfLoss(new reference.DiceLoss({ activation: 'sigmoid', layout })))
  }
  const none = new reference.FocalLoss({ ...softmax, reduction: 'none' })
  t.is(
    code(() => tfLoss(none)),
    'ERR_MASKLOSS_OPTION_CONFLICT',
  )
  t.notThrows(() => tfLoss(new reference.FocalLoss({ ...softmax, reduction: 'sum' })))
  for (const criterion of [undefined, {}, reference.diceLoss]) {
    t.is(
      code(() => tfLoss(untyped(criterion))),
      'ERR_MASKLOSS_OPTION_TYPE',
    )
  }
})

const { keras, monai, optax, tfjs } = reference.conventions
/** [title, criterion, the same in operations of tfjs, whether it takes probabilities] */
const CONVENTIONS: readonly (readonly [string, ConventionCriterion, Twin, boolean])[] = [
  [
    'keras.Dice',
    keras.Dice(),
    (g, p) => {
      const [overlap, sizes] = [tf.sum(tf.mul(g, p)), tf.add(tf.sum(g), tf.sum(p))]
      return tf.sub(1, tf.div(tf.add(tf.mul(2, overlap), 1e-7), tf.add(sizes, 1e-7)))
    },
    true,
  ],
  ['tfjs.softmaxCrossEntropy', tfjs.softmaxCrossEntropy(), (g, z) => tf.losses.softmaxCrossEntropy(g, z), false],
  ['tfjs.sigmoidCrossEntropy', tfjs.sigmoidCrossEntropy(), (g, z) => tf.losses.sigmoidCrossEntropy(g, z), false],
]

for (const backend of BACKENDS) {
  for (const [title, criterion, twin, probabilities] of CONVENTIONS) {
    test.serial(`${title} on ${backend}: value and gradient are those of tfjs' operations`, async (t) => {
      await tf.setBackend(backend)
      const { z, planes } = data([2, 5, 4, CLASSES])
      const loss = tfLoss(criterion)
      const activated = (z: tf.Tensor): tf.Tensor => (probabilities ? tf.softmax(z) : z)
      const found = tf.valueAndGrad((z) => tf.mul(3, loss(planes, activated(z))))(z)
      const expected = tf.valueAndGrad((z) => tf.mul(3, twin(tf.cast(planes, 'float32'), activated(z))))(z)
      close(t, found.value, expected.value)
      close(t, found.grad, expected.grad)
    })
  }
}

test.serial(
  "a library whose channels come first is refused, and one whose loss is no number, as tfjs' are",
  async (t) => {
    await tf.setBackend('cpu')
    const { z, planes } = data([2, 5, 4, CLASSES])
    const error = thrown(() => tfLoss(monai.DiceLoss()))
    t.true(error instanceof reference.MasklossRangeError)
    t.regex(
      error.message,
      /channels last.* for criterion but found conventions\.monai\.DiceLoss; use one of conventions\.keras/,
    )
    for (const criterion of [keras.CategoricalCrossentropy({ reduction: 'none' }), optax.softmaxCrossEntropy()]) {
      t.is(
        code(() => tfLoss(criterion)(planes, z)),
        'ERR_MASKLOSS_OPTION_CONFLICT',
      )
    }
    t.regex(thrown(() => tfLoss(optax.softmaxCrossEntropy())(planes, z)).message, /otherwise take a loss/)
    t.notThrows(() => tfLoss(optax.diceLoss({ axis: [0, 1, 2] }))(planes, z))
    t.notThrows(() => tfLoss(optax.multiclassGeneralizedDiceLoss())(planes, z))
  },
)

test.serial('what a call gets wrong is said as by evaluate', async (t) => {
  await tf.setBackend('cpu')
  const { z, labels, planes } = data([2, 5, 4, CLASSES])
  const loss = tfLoss(new reference.DiceLoss(softmax))
  t.is(
    code(() => loss(z, planes)),
    'ERR_MASKLOSS_DTYPE',
  )
  t.is(
    code(() => loss(tf.add(labels, 1), z)),
    'ERR_MASKLOSS_LABEL',
  )
  t.is(
    code(() => loss(tf.transpose(planes), z)),
    'ERR_MASKLOSS_SHAPE',
  )
  t.is(
    code(() => loss(tf.zeros([4], 'int32'), tf.zeros([4]))),
    'ERR_MASKLOSS_LAYOUT',
  )
  t.is(
    code(() => loss(tf.zeros([2]), tf.zeros([1, 1, 1, 1, 1, 2]))),
    'ERR_MASKLOSS_LAYOUT',
  )
  const gone = z.clone()
  gone.dispose()
  t.regex(
    code(() => loss(planes, gone)),
    /disposed/,
  )
  t.regex(
    code(() => loss(gone, z)),
    /disposed/,
  )
  t.is(loss(planes, tf.mul(z, NaN)).dataSync()[0], NaN)
})

test.serial('a second derivative is refused, a gradient as a constant is not', async (t) => {
  await tf.setBackend('cpu')
  const { z, planes } = data([2, 5, 4, CLASSES])
  const loss = tfLoss(new reference.DiceLoss(softmax))
  // The penalty of the gradient of loss + Σz²: the second part has a second derivative, and would hide what the first lacks.
  const slope = (z: tf.Tensor): tf.Tensor => tf.grad((z) => tf.add(loss(planes, z), tf.sum(tf.square(z))))(z)
  t.is(
    code(() => tf.grad((z) => tf.sum(tf.square(slope(z))))(z)),
    'ERR_MASKLOSS_DERIVATIVE',
  )
  close(t, tf.grad((w) => tf.sum(tf.mul(w, slope(z))))(tf.onesLike(z)), slope(z))
})

test.serial('the target is a constant', async (t) => {
  await tf.setBackend('cpu')
  const { z, planes } = data([2, 5, 4, CLASSES])
  const loss = tfLoss(new reference.DiceLoss(softmax))
  t.throws(() => tf.grad((g) => loss(g, z))(tf.cast(planes, 'float32')), { message: /Cannot compute gradient/ })
})
