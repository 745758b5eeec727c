/** One table of mistakes, with code and sentence, through both modules. */
import test from 'ava'

import { isMasklossError, MasklossRangeError, MasklossTypeError } from '../src/index.ts'
import { detached, FACES, thrown, untyped, type Face } from './faces.ts'

const SHAPE = [1, 2, 2, 2]
const softmax = { activation: 'softmax', shape: SHAPE } as const
const none = { activation: 'none', shape: SHAPE } as const
const sigmoid = { activation: 'sigmoid', shape: [1, 1, 2, 2] } as const
const logits = (): Float32Array => new Float32Array(8)
const labels = (): Uint8Array => new Uint8Array(4)
const halves = (): Float32Array => new Float32Array(8).fill(0.5)
/** Dice with options the types refuse. */
const dice =
  (options: unknown) =>
  (face: Face): unknown =>
    face.diceLoss(logits(), labels(), untyped(options))

type Mistake = readonly [call: (face: Face) => unknown, code: string, message: string]

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'no options': [
    (face) => face.diceLoss(logits(), labels(), untyped(undefined)),
    'ERR_MASKLOSS_OPTION_MISSING',
    "Expected 'softmax', 'sigmoid' or 'none' for activation but found nothing; say what maskloss is to apply to the prediction, 'none' if it holds probabilities.",
  ],
  'options that are no object': [
    dice('softmax'),
    'ERR_MASKLOSS_OPTION_TYPE',
    "Expected a plain object for options but found 'softmax'; write the options as { name: value }, for example { activation: 'softmax' }.",
  ],
  'a misspelled option': [
    dice({ ...softmax, inculdeBackground: false }),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of diceLoss for options but found 'inculdeBackground'; did you mean includeBackground.",
  ],
  "another library's spelling": [
    dice({ ...softmax, ignore_index: 255 }),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of diceLoss for options but found 'ignore_index'; did you mean ignoreIndex.",
  ],
  "another loss's option": [
    dice({ ...softmax, gamma: 2 }),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of diceLoss for options but found 'gamma'; gamma is an option of focalTverskyLoss, focalLoss and asymmetricUnifiedFocalLoss.",
  ],
  'an option of the call in the constructor': [
    (face) => new face.DiceLoss(untyped(softmax)),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of DiceLoss for options but found 'shape'; shape belongs to the call: pass it to evaluate.",
  ],
  'an option of the criterion in the call': [
    (face) => new face.DiceLoss({ activation: 'none' }).evaluate(logits(), labels(), untyped(none)),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of DiceLoss.evaluate for options but found 'activation'; activation belongs to the criterion: pass it to its constructor.",
  ],
  "a term's option outside the term": [
    (face) => face.diceCrossEntropyLoss(logits(), labels(), untyped({ ...softmax, smooth: 1 })),
    'ERR_MASKLOSS_OPTION_UNKNOWN',
    "Expected an option of diceCrossEntropyLoss for options but found 'smooth'; write it inside dice: { … }.",
  ],
  'a word that is none': [
    dice({ ...softmax, scorePer: 'sample_class' }),
    'ERR_MASKLOSS_OPTION_VALUE',
    "Expected 'sample-class', 'class', 'sample' or 'batch' for scorePer but found 'sample_class'; did you mean 'sample-class'.",
  ],
  'a NaN option': [
    dice({ ...softmax, smooth: NaN }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'Expected a number ≥ 0 for smooth but found NaN; pass a number in this range.',
  ],
  'a nested option out of range': [
    (face) => face.diceCrossEntropyLoss(logits(), labels(), { ...softmax, dice: { smooth: { floor: -1 } } }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'Expected a number ≥ 0 for dice.smooth.floor but found -1; pass a number in this range.',
  ],
  'a BigInt': [
    dice({ ...softmax, ignoreIndex: 255n }),
    'ERR_MASKLOSS_OPTION_TYPE',
    'Expected an integer for ignoreIndex but found 255n (a BigInt); pass a number.',
  ],
  'a NaN in a list': [
    dice({ ...softmax, classWeights: [1, NaN] }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'Expected a number ≥ 0 for classWeights[1] but found NaN; pass an array of such numbers.',
  ],
  'too few class weights': [
    dice({ ...softmax, classWeights: [1] }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected one number a class of the prediction (2) for classWeights but found 1; it is indexed by class id and always has all classes, also those that do not count.',
  ],
  'a class id too large': [
    dice({ ...softmax, classes: [2] }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'Expected class ids below 2 for classes but found [2]; class ids are the channels of the prediction, counted from 0.',
  ],
  'no background in one class': [
    (face) => face.diceLoss(new Float32Array(4), labels(), { ...sigmoid, includeBackground: false }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected more than one class for includeBackground but found one class; the one channel is the foreground: leave includeBackground out.',
  ],
  'a softmax over one class': [
    (face) => face.diceLoss(new Float32Array(4), labels(), { ...softmax, shape: [1, 1, 2, 2] }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    "Expected two or more classes to take a softmax over for activation but found one class; pass activation: 'sigmoid'.",
  ],
  'cross-entropy of one class': [
    (face) => face.crossEntropyLoss(new Float32Array(4), labels(), { activation: 'none', shape: [1, 1, 2, 2] }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected two or more classes for prediction but found one class, the foreground; use binaryCrossEntropyLoss.',
  ],
  'cross-entropy with sigmoid': [
    (face) => face.crossEntropyLoss(logits(), labels(), untyped({ ...softmax, activation: 'sigmoid' })),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    "Expected 'softmax' or 'none' for activation but found 'sigmoid'; use binaryCrossEntropyLoss for independent classes.",
  ],
  'a clip beside softmax': [
    (face) => new face.CrossEntropyLoss({ activation: 'softmax', clip: 1e-7 }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    "Expected activation 'none' for clip but found activation 'softmax', which needs no clip; leave clip out.",
  ],
  'regions beside softmax': [
    (face) => new face.DiceLoss({ activation: 'softmax', regions: [[1], [1, 2]] }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    "Expected activation 'sigmoid' or 'none' for regions but found activation 'softmax', under which classes cannot overlap; pass activation: 'sigmoid' for logits.",
  ],
  'a shape with an empty axis': [
    (face) => face.diceLoss(new Float32Array(0), new Uint8Array(0), { ...softmax, shape: [0, 2, 2, 2] }),
    'ERR_MASKLOSS_SHAPE',
    'Expected 1 to 8 positive integers for shape but found [0, 2, 2, 2]; no axis may be empty: samples, classes and pixels are counted from 1.',
  ],
  'no shape': [
    dice({ activation: 'softmax' }),
    'ERR_MASKLOSS_OPTION_MISSING',
    'Expected the shape of the prediction for shape but found nothing; a bare typed array needs it, for example shape: [8, 4, 512, 512].',
  ],
  'no layout for three axes': [
    dice({ ...softmax, shape: [2, 2, 2] }),
    'ERR_MASKLOSS_LAYOUT',
    "Expected 'NCW', 'NWC', 'NHW', 'CHW', 'HWC' or 'DHW' for layout but found nothing, with a prediction of shape [2, 2, 2]; say what the axes are: only 4 and 5 axes have a default (NCHW, NCDHW).",
  ],
  'a layout of another rank': [
    dice({ ...softmax, layout: 'CHW' }),
    'ERR_MASKLOSS_LAYOUT',
    "Expected 'NCHW', 'NHWC', 'NDHW', 'CDHW' or 'DHWC' for layout but found 'CHW' with a prediction of shape [1, 2, 2, 2]; name every axis of the prediction by one letter.",
  ],
  'a prediction of another length': [
    (face) => face.diceLoss(new Float32Array(7), labels(), softmax),
    'ERR_MASKLOSS_SHAPE',
    'Expected 8 elements (shape [1, 2, 2, 2]) for prediction but found 7; pass the shape the data has.',
  ],
  'a detached prediction': [
    (face) => face.diceLoss(detached(logits()), labels(), softmax),
    'ERR_MASKLOSS_DETACHED',
    'Expected 8 elements (shape [1, 2, 2, 2]) for prediction but found a detached buffer; its memory was transferred away, pass the array that owns it now.',
  ],
  'a detached target': [
    (face) => face.diceLoss(logits(), detached(labels()), softmax),
    'ERR_MASKLOSS_DETACHED',
    'Expected 4 elements (shape [1, 2, 2]) for target but found a detached buffer; its memory was transferred away, pass the array that owns it now.',
  ],
  'a target of another shape': [
    (face) => face.diceLoss(logits(), { data: labels(), shape: [4] }, softmax),
    'ERR_MASKLOSS_SHAPE',
    'Expected labels of shape [1, 2, 2] or planes of shape [1, 2, 2, 2] for target but found [4]; the prediction comes first, the target second, and both cover the same pixels.',
  ],
  'an integer prediction': [
    (face) => face.diceLoss(new Int32Array(8), labels(), softmax),
    'ERR_MASKLOSS_DTYPE',
    "Expected 'float32', 'float64' or 'float16' for prediction but found int32; the prediction comes first, the target second; convert integers to a Float32Array if they are scores.",
  ],
  'a plain array': [
    (face) => face.diceLoss(untyped([0, 0]), labels(), softmax),
    'ERR_MASKLOSS_TENSOR',
    'Expected a typed array or a tensor object for prediction but found [0, 0]; pass Float32Array.from(…) with shape.',
  ],
  'a tensor on a GPU': [
    (face) =>
      face.diceLoss(untyped({ dims: SHAPE, type: 'float32', location: 'gpu-buffer', data: null }), labels(), softmax),
    'ERR_MASKLOSS_TENSOR',
    "Expected a tensor in CPU memory for prediction but found one at 'gpu-buffer'; pass what its getData() resolves to, with shape.",
  ],
  'a label out of range': [
    (face) => face.diceLoss(logits(), Uint8Array.of(0, 1, 0, 7), softmax),
    'ERR_MASKLOSS_LABEL',
    'Expected labels 0 to 1 for target but found 7 at sample 0, pixel (1, 1); pass ignoreIndex: 7 if these pixels are to be left out.',
  ],
  'a label that is no integer': [
    (face) => face.diceLoss(logits(), Float32Array.of(0, 0.5, 0, 1), softmax),
    'ERR_MASKLOSS_LABEL',
    'Expected whole-numbered labels for target but found 0.5 at sample 0, pixel (0, 1); soft targets have one plane a class, in the shape of the prediction.',
  ],
  'a 0/255 mask': [
    (face) => face.diceLoss(new Float32Array(4), Uint8Array.of(0, 0, 255, 0), sigmoid),
    'ERR_MASKLOSS_LABEL',
    'Expected labels 0 and 1 for target but found 255 at sample 0, pixel (1, 0); pass maskValue: 255 if this label is the foreground of a binary mask.',
  ],
  'a 0/255 mask of floats': [
    (face) => face.diceLoss(new Float32Array(4), Float32Array.of(0, 0, 255, 0), sigmoid),
    'ERR_MASKLOSS_TARGET',
    'Expected values in [0, 1] for target but found 255 at sample 0, class 0, pixel (1, 0); pass maskValue: 255 if this value marks the foreground of a binary mask.',
  ],
  'logits as probabilities': [
    (face) => face.diceLoss(Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 3.25, 0.5), labels(), none),
    'ERR_MASKLOSS_PREDICTION',
    "Expected probabilities in [0, 1] for prediction but found 3.25 at sample 0, class 1, pixel (1, 0); pass activation: 'softmax' or 'sigmoid' if these are logits.",
  ],
  'probabilities that do not sum to one': [
    (face) => face.diceLoss(Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.5, 0.5), labels(), none),
    'ERR_MASKLOSS_PREDICTION',
    "Expected probabilities that sum to one over the classes for prediction but found a sum of 0.75 at sample 0, pixel (0, 1); pass activation: 'softmax' or 'sigmoid' if these are logits, or checkValues: false if the classes are independent.",
  ],
  'a negative pixel weight': [
    (face) => face.diceLoss(logits(), labels(), { ...softmax, pixelWeights: Float32Array.of(1, -1, 1, 1) }),
    'ERR_MASKLOSS_PIXEL_WEIGHT',
    'Expected finite weights ≥ 0 for pixelWeights but found -1 at sample 0, pixel (0, 1); a weight of 0 leaves a pixel out.',
  ],
  'a gradient of another type': [
    (face) => face.diceLoss(logits(), labels(), { ...softmax, gradient: new Float64Array(8) }),
    'ERR_MASKLOSS_DTYPE',
    'Expected a Float32Array for gradient but found a Float64Array; the gradient of a float32 prediction is float32.',
  ],
  'a gradient of another length': [
    (face) => face.diceLoss(logits(), labels(), { ...softmax, gradient: new Float32Array(7) }),
    'ERR_MASKLOSS_SHAPE',
    'Expected 8 elements (shape [1, 2, 2, 2]) for gradient but found 7; pass the shape the data has.',
  ],
  'a gradient in the memory of the prediction': [
    (face) => {
      const memory = new Float32Array(12)
      return face.diceLoss(memory.subarray(0, 8), labels(), { ...softmax, gradient: memory.subarray(4) })
    },
    'ERR_MASKLOSS_OVERLAP',
    'Expected memory of its own for gradient but found bytes shared with prediction; pass another buffer, or gradient: true.',
  ],
  'accumulation into nothing': [
    dice({ ...softmax, accumulate: true }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected a gradient beside it for accumulate but found none; pass gradient: true or a buffer.',
  ],
  'accumulation into a new array': [
    dice({ ...softmax, accumulate: true, gradient: true }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected a gradient buffer to add to for accumulate but found gradient: true; pass the buffer that holds the sum as gradient.',
  ],
  'no threads': [
    dice({ ...softmax, threads: 0 }),
    'ERR_MASKLOSS_OPTION_VALUE',
    'Expected a positive integer for threads but found 0; pass a positive integer.',
  ],
  'an ignored label that is no plane': [
    (face) => face.diceLoss(halves(), halves(), { ...none, ignoreIndex: 255 }),
    'ERR_MASKLOSS_OPTION_CONFLICT',
    'Expected a class id below 2, whose plane marks the pixels to ignore, with a per-class target for ignoreIndex but found 255; pass pixelWeights of 0 for the pixels to ignore.',
  ],
}

for (const [face, module] of FACES) {
  for (const [name, [call, code, message]] of Object.entries(MISTAKES)) {
    test(`${face}: ${name}`, (t) => {
      const error = thrown(() => call(module))
      t.is(error.message, message)
      t.true(isMasklossError(error))
      t.is((error as MasklossTypeError).code, code as MasklossTypeError['code'])
    })
  }
}

test('an error carries its parts', (t) => {
  const [, { diceLoss }] = FACES[0]!
  const error = thrown(() => diceLoss(logits(), Uint8Array.of(0, 0, 9, 0), softmax)) as MasklossRangeError
  t.true(error instanceof MasklossRangeError && error instanceof RangeError)
  t.is(error.name, 'MasklossRangeError')
  t.deepEqual(
    { argument: error.argument, expected: error.expected, actual: error.actual, at: error.at },
    { argument: 'target', expected: 'labels 0 to 1', actual: '9', at: { sample: 0, pixel: [1, 0] } },
  )
  const wrong = thrown(() => diceLoss(logits(), labels(), untyped({}))) as MasklossTypeError
  t.true(wrong instanceof MasklossTypeError && wrong instanceof TypeError)
  t.false('at' in wrong)
})

test('isMasklossError tells other errors apart', (t) => {
  t.false(isMasklossError(new RangeError('other')))
  t.false(isMasklossError({ code: 'ERR_MASKLOSS_SHAPE' }))
  t.false(isMasklossError(undefined))
  t.true(isMasklossError(Object.assign(new Error('from another copy of the package'), { code: 'ERR_MASKLOSS_SHAPE' })))
})

test('a failed call writes nothing into the gradient', (t) => {
  for (const [, { diceLoss }] of FACES) {
    const gradient = new Float32Array(8).fill(7)
    t.throws(() => diceLoss(logits(), Uint8Array.of(0, 0, 0, 9), { ...softmax, gradient }))
    t.deepEqual(gradient, new Float32Array(8).fill(7))
  }
})
