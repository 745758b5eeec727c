/** Random losses of single pixels: functions of the probabilities, the worst pixels, sorted errors. */
import type { Activation, CrossEntropyTerm, LovaszTerm, PixelTerm, Term } from '../../src/engine.ts'
import { crossEntropy, lovasz, pixelLoss } from '../cases/build.ts'
import type { Draw } from './draw.ts'

/** One of them, which the activation has a meaning for. */
export function drawPixelTerm(draw: Draw, classes: number, activation: Activation): Term {
  const kind = draw.between(0, 5)
  if (kind === 0 && activation !== 'sigmoid') return drawTopPercent(draw, classes)
  return kind <= 1 ? drawLovasz(draw, classes, activation) : drawFunction(draw, classes)
}

function drawFunction(draw: Draw, classes: number): PixelTerm {
  const form = draw.one(['categorical', 'binary'] as const)
  const name = draw.one(['focal', 'focal', 'poly', 'generalized'] as const)
  const gamma = (): number => (name === 'generalized' ? 0.1 + 0.9 * draw.unit() : draw.one([0, 1, 2, 0.5, 4 * draw.unit()]))
  const smoothing = draw.one([0, 0, 0.1])
  const focal = name === 'focal'
  const same = gamma()
  return pixelLoss(classes, {
    form,
    function: name,
    gammas: Array.from({ length: classes }, draw.chance(0.5) ? gamma : () => same),
    positiveWeights: draw.chance(0.4) ? drawWeights(draw, classes) : undefined,
    negativeWeights: form === 'binary' && draw.chance(0.4) ? drawWeights(draw, classes) : undefined,
    targetScale: 1 - smoothing,
    targetOffset: smoothing / (form === 'binary' ? 2 : classes),
    softTarget: draw.one(form === 'binary' ? (['linear', 'mixed', 'signed'] as const) : (['linear', 'linear', 'mixed'] as const)),
    reducedThreshold: focal && draw.chance(0.2) ? draw.unit() : undefined,
    normalized: focal && draw.chance(0.3),
    classes: drawClasses(draw, classes),
    meanOver: draw.one(['weights', 'valid-pixels', 'pixels'] as const),
    reduction: draw.one(['mean', 'sum', 'none'] as const),
  })
}

function drawTopPercent(draw: Draw, classes: number): CrossEntropyTerm {
  return crossEntropy({
    topPercent: 100 * draw.unit(),
    labelSmoothing: draw.one([0, 0, 0.1]),
    meanOver: draw.one(['weights', 'valid-pixels', 'pixels'] as const),
    reduction: draw.one(['mean', 'sum', 'none'] as const),
    classWeights: draw.chance(0.4) ? drawWeights(draw, classes) : undefined,
  })
}

function drawLovasz(draw: Draw, classes: number, activation: Activation): LovaszTerm {
  const scorePer = draw.one(['sample-class', 'class', 'sample', 'batch'] as const)
  const ordered = scorePer === 'sample-class'
  return lovasz(classes, {
    form: activation === 'sigmoid' && draw.chance(0.6) ? 'hinge' : 'softmax',
    scorePer,
    classes: drawClasses(draw, classes),
    emptyClass: draw.one(['skip', 'smooth'] as const),
    averaging: ordered ? draw.one(['cells', 'samples', 'classes'] as const) : 'cells',
    reduction: draw.one(['mean', 'sum', 'none'] as const),
  })
}

function drawClasses(draw: Draw, classes: number): number[] {
  const counted = Array.from({ length: classes }, (_, c) => c).filter(() => draw.chance(0.8))
  return counted.length > 0 ? counted : [0]
}

function drawWeights(draw: Draw, classes: number): number[] {
  return Array.from({ length: classes }, () => (draw.chance(0.1) ? 0 : 2 * draw.unit()))
}
