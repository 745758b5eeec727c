/** The terms of a criterion, each with defaults. */
import type {
  BinaryCrossEntropyTerm,
  CellOptions,
  CorrelationTerm,
  CrossEntropyTerm,
  LovaszTerm,
  PixelTerm,
  RegionTerm,
  SensitivitySpecificityTerm,
  WassersteinTerm,
} from '../../src/engine.ts'

const allOf = (classes: number): number[] => Array.from({ length: classes }, (_, c) => c)

/** One score per sample and class, all alike. */
function cells(classes: number): CellOptions {
  return {
    scorePer: 'sample-class',
    classes: allOf(classes),
    classWeights: undefined,
    weightMode: 'mean',
    emptyClass: 'smooth',
    averaging: 'cells',
    reduction: 'mean',
  }
}

/** A region term with the defaults of a Dice loss over C classes. */
export function region(classes: number, options: Partial<RegionTerm> = {}): RegionTerm {
  return {
    kind: 'region',
    weight: 1,
    form: 'product',
    transform: 'one-minus',
    gamma: 1,
    classGammas: undefined,
    outerTransform: 'power',
    outerGamma: 1,
    scale: 2,
    alpha: 0.5,
    beta: 0.5,
    smoothNumerator: 1e-5,
    smoothDenominator: 1e-5,
    floor: 0,
    targetFloor: 0,
    volumeWeights: undefined,
    ...cells(classes),
    ...options,
  }
}

/** A cross-entropy with its defaults. */
export function crossEntropy(options: Partial<CrossEntropyTerm> = {}): CrossEntropyTerm {
  return {
    kind: 'cross-entropy',
    weight: 1,
    classWeights: undefined,
    labelSmoothing: 0,
    meanOver: 'weights',
    clip: 1e-7,
    topPercent: undefined,
    reduction: 'mean',
    ...options,
  }
}

/** A binary cross-entropy with its defaults. */
export function binaryCrossEntropy(options: Partial<BinaryCrossEntropyTerm> = {}): BinaryCrossEntropyTerm {
  return {
    kind: 'binary-cross-entropy',
    weight: 1,
    classWeights: undefined,
    positiveWeights: undefined,
    labelSmoothing: 0,
    meanOver: 'weights',
    clip: 1e-7,
    reduction: 'mean',
    ...options,
  }
}

/** A correlation loss with its defaults. */
export function correlation(classes: number, options: Partial<CorrelationTerm> = {}): CorrelationTerm {
  return { kind: 'correlation', weight: 1, ...cells(classes), smooth: 1e-5, ...options }
}

/** A sensitivity-specificity loss with its defaults. */
export function sensitivitySpecificity(
  classes: number,
  options: Partial<SensitivitySpecificityTerm> = {},
): SensitivitySpecificityTerm {
  return { kind: 'sensitivity-specificity', weight: 1, ...cells(classes), share: 0.1, smooth: 1, ...options }
}

/** A Wasserstein Dice loss; two classes are |i − j|/C apart. */
export function wasserstein(classes: number, options: Partial<WassersteinTerm> = {}): WassersteinTerm {
  return {
    kind: 'wasserstein',
    weight: 1,
    distances: allOf(classes).flatMap((i) => allOf(classes).map((j) => Math.abs(i - j) / classes)),
    weighting: 'default',
    smooth: 1e-5,
    scorePer: 'sample',
    reduction: 'mean',
    ...options,
  }
}

/** A focal loss with γ = 2. */
export function pixelLoss(classes: number, options: Partial<PixelTerm> = {}): PixelTerm {
  return {
    kind: 'pixel',
    weight: 1,
    function: 'focal',
    form: 'categorical',
    gammas: gammas(classes, 2),
    positiveWeights: undefined,
    negativeWeights: undefined,
    targetScale: 1,
    targetOffset: 0,
    softTarget: 'linear',
    reducedThreshold: undefined,
    normalized: false,
    classes: allOf(classes),
    meanOver: 'valid-pixels',
    clip: 1e-7,
    reduction: 'mean',
    ...options,
  }
}

/** The same γ for every class. */
export function gammas(classes: number, gamma: number): number[] {
  return allOf(classes).map(() => gamma)
}

/** A Lovász-softmax loss with its defaults. */
export function lovasz(classes: number, options: Partial<LovaszTerm> = {}): LovaszTerm {
  return {
    kind: 'lovasz',
    weight: 1,
    form: 'softmax',
    scorePer: 'class',
    classes: allOf(classes),
    emptyClass: 'skip',
    averaging: 'cells',
    reduction: 'mean',
    ...options,
  }
}
