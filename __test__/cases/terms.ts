/** The terms of a criterion, each with defaults: what is not named here is neutral. */
import * as neutral from '../../src/conventions/terms.ts'
import type {
  BinaryCrossEntropyTerm,
  CorrelationTerm,
  CrossEntropyTerm,
  LovaszTerm,
  PixelTerm,
  RegionTerm,
  SensitivitySpecificityTerm,
  WassersteinTerm,
} from '../../src/engine.ts'

/** One score per sample and class, all alike. */
const cells = (classes: number) => ({ classes: neutral.classIds(classes), weightMode: 'mean' }) as const

/** A region term with the defaults of a Dice loss over C classes. */
export function region(classes: number, options: Partial<RegionTerm> = {}): RegionTerm {
  return neutral.region({ ...cells(classes), smoothNumerator: 1e-5, smoothDenominator: 1e-5, ...options })
}

/** A cross-entropy with its defaults. */
export function crossEntropy(options: Partial<CrossEntropyTerm> = {}): CrossEntropyTerm {
  return neutral.crossEntropy({ meanOver: 'weights', clip: 1e-7, ...options })
}

/** A binary cross-entropy with its defaults. */
export function binaryCrossEntropy(options: Partial<BinaryCrossEntropyTerm> = {}): BinaryCrossEntropyTerm {
  return neutral.binaryCrossEntropy({ meanOver: 'weights', clip: 1e-7, ...options })
}

/** A correlation loss with its defaults. */
export function correlation(classes: number, options: Partial<CorrelationTerm> = {}): CorrelationTerm {
  return neutral.correlation({ ...cells(classes), smooth: 1e-5, ...options })
}

/** A sensitivity-specificity loss with its defaults. */
export function sensitivitySpecificity(
  classes: number,
  options: Partial<SensitivitySpecificityTerm> = {},
): SensitivitySpecificityTerm {
  return neutral.sensitivitySpecificity({ ...cells(classes), share: 0.1, smooth: 1, ...options })
}

/** A Wasserstein Dice loss; two classes are |i − j|/C apart. */
export function wasserstein(classes: number, options: Partial<WassersteinTerm> = {}): WassersteinTerm {
  const ids = neutral.classIds(classes)
  const distances = ids.flatMap((i) => ids.map((j) => Math.abs(i - j) / classes))
  return neutral.wasserstein({ distances, smoothNumerator: 1e-5, smoothDenominator: 1e-5, ...options })
}

/** A focal loss with γ = 2. */
export function pixelLoss(classes: number, options: Partial<PixelTerm> = {}): PixelTerm {
  return neutral.pixelTerm({
    function: 'focal',
    form: 'categorical',
    gammas: gammas(classes, 2),
    classes: neutral.classIds(classes),
    meanOver: 'valid-pixels',
    clip: 1e-7,
    ...options,
  })
}

/** The same γ for every class. */
export const gammas = neutral.everyClass

/** A Lovász-softmax loss with its defaults. */
export function lovasz(classes: number, options: Partial<LovaszTerm> = {}): LovaszTerm {
  return neutral.lovasz({ form: 'softmax', classes: neutral.classIds(classes), ...options })
}
