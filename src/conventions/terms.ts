/** The terms of a convention: what it does not name is neutral. A convention's row then holds what its library decides, and nothing else. */
import type {
  BinaryCrossEntropyTerm,
  CorrelationTerm,
  CriterionSpec,
  CrossEntropyTerm,
  LovaszTerm,
  PixelTerm,
  RegionTerm,
  SensitivitySpecificityTerm,
  WassersteinTerm,
} from '../engine.ts'

const CELLS = {
  weight: 1,
  scorePer: 'sample-class',
  classWeights: undefined,
  weightMode: 'multiply',
  emptyClass: 'smooth',
  averaging: 'cells',
  reduction: 'mean',
} as const

/** `1 − 2I/(P + G)` per sample and class, without smoothing. */
export function region(given: Partial<RegionTerm> & Pick<RegionTerm, 'classes'>): RegionTerm {
  return {
    kind: 'region',
    ...CELLS,
    form: 'product',
    transform: 'one-minus',
    gamma: 1,
    classGammas: undefined,
    outerTransform: 'power',
    outerGamma: 1,
    scale: 2,
    alpha: 0.5,
    beta: 0.5,
    smoothNumerator: 0,
    smoothDenominator: 0,
    floor: 0,
    targetFloor: 0,
    volumeWeights: undefined,
    ...given,
  }
}

/** `1 − MCC` per sample and class. */
export function correlation(given: Partial<CorrelationTerm> & Pick<CorrelationTerm, 'classes'>): CorrelationTerm {
  return { kind: 'correlation', ...CELLS, smooth: 0, ...given }
}

/** Sensitivity and specificity per sample and class. */
export function sensitivitySpecificity(
  given: Partial<SensitivitySpecificityTerm> & Pick<SensitivitySpecificityTerm, 'classes' | 'share'>,
): SensitivitySpecificityTerm {
  return { kind: 'sensitivity-specificity', ...CELLS, smooth: 0, ...given }
}

/** Generalised Wasserstein Dice per sample. */
export function wasserstein(given: Partial<WassersteinTerm> & Pick<WassersteinTerm, 'distances'>): WassersteinTerm {
  return {
    kind: 'wasserstein',
    weight: 1,
    weighting: 'default',
    smoothNumerator: 0,
    smoothDenominator: 0,
    scorePer: 'sample',
    reduction: 'mean',
    ...given,
  }
}

/** Cross-entropy, its mean over all pixels. */
export function crossEntropy(given: Partial<CrossEntropyTerm> = {}): CrossEntropyTerm {
  return {
    kind: 'cross-entropy',
    weight: 1,
    classWeights: undefined,
    labelSmoothing: 0,
    meanOver: 'pixels',
    clip: 0,
    topPercent: undefined,
    reduction: 'mean',
    ...given,
  }
}

/** Binary cross-entropy, its mean over all elements. */
export function binaryCrossEntropy(given: Partial<BinaryCrossEntropyTerm> = {}): BinaryCrossEntropyTerm {
  return {
    kind: 'binary-cross-entropy',
    weight: 1,
    classWeights: undefined,
    positiveWeights: undefined,
    labelSmoothing: 0,
    meanOver: 'pixels',
    clip: 0,
    reduction: 'mean',
    ...given,
  }
}

/** A function of the probability of each class, its mean over all pixels (binary: elements). */
export function pixelTerm(
  given: Partial<PixelTerm> & Pick<PixelTerm, 'function' | 'form' | 'gammas' | 'classes'>,
): PixelTerm {
  return {
    kind: 'pixel',
    weight: 1,
    positiveWeights: undefined,
    negativeWeights: undefined,
    targetScale: 1,
    targetOffset: 0,
    softTarget: 'linear',
    reducedThreshold: undefined,
    normalized: false,
    meanOver: 'pixels',
    clip: 0,
    reduction: 'mean',
    ...given,
  }
}

/** Lovász loss per class of the batch, over the classes that occur. */
export function lovasz(given: Partial<LovaszTerm> & Pick<LovaszTerm, 'form' | 'classes'>): LovaszTerm {
  return {
    kind: 'lovasz',
    weight: 1,
    scorePer: 'class',
    emptyClass: 'skip',
    averaging: 'cells',
    reduction: 'mean',
    ...given,
  }
}

/** A criterion that takes values as they come, as the libraries do. */
export function criterion(given: Partial<CriterionSpec> & Pick<CriterionSpec, 'classes' | 'terms'>): CriterionSpec {
  return {
    activation: 'none',
    ignoreIndex: undefined,
    maskValue: undefined,
    regions: undefined,
    checkValues: false,
    ...given,
  }
}

/** Class ids from 0 (without background: from 1) to `count − 1`. */
export function classIds(count: number, includeBackground = true): number[] {
  const first = includeBackground ? 0 : 1
  return Array.from({ length: count - first }, (_, index) => index + first)
}

/** Every class against the rest: a label that is no class is background of all. */
export function oneVersusRest(classes: number): number[][] {
  return classIds(classes).map((c) => [c])
}

/** The regions of libraries whose labels count classes from 0, also where there is one; an engine has label 1 for a single class. */
export function labelRegions(classes: number): number[][] | undefined {
  return classes === 1 ? oneVersusRest(classes) : undefined
}

/** Whether a mean divided by the sum of class weights is 0/0. */
export function allZero(weights: readonly number[] | undefined): boolean {
  return weights?.every((weight) => weight === 0) === true
}

/** The same number for every class. */
export function everyClass(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value)
}
