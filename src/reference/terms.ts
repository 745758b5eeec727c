import type { CriterionSpec, EvaluateCall, Term } from '../engine.ts'
import { binaryCrossEntropyFormula } from './binary-cross-entropy.ts'
import { CellLoss } from './cell-loss.ts'
import type { Computation } from './computation.ts'
import { correlationFormula } from './correlation.ts'
import { crossEntropyFormula } from './cross-entropy.ts'
import { Lovasz } from './lovasz.ts'
import { pixelFormula } from './pixel-loss.ts'
import { PixelSum } from './pixel-sum.ts'
import { regionExtras, regionFormula } from './region.ts'
import { sensitivitySpecificityFormula } from './sensitivity-specificity.ts'
import { TopPercent } from './top-percent.ts'
import { Wasserstein } from './wasserstein.ts'

/** Every loss there is, on the data of a call. */
export function computationOf(term: Term, spec: CriterionSpec, call: EvaluateCall): Computation {
  switch (term.kind) {
    case 'region':
      return new CellLoss(regionFormula(term), term, spec, call, regionExtras(term))
    case 'correlation':
      return new CellLoss(correlationFormula(term), term, spec, call)
    case 'sensitivity-specificity':
      return new CellLoss(sensitivitySpecificityFormula(term), term, spec, call)
    case 'wasserstein':
      return new Wasserstein(term, spec, call)
    case 'cross-entropy': {
      const sum = new PixelSum(crossEntropyFormula(term, spec), spec, call)
      return term.topPercent === undefined ? sum : new TopPercent(sum, term.topPercent, spec, call)
    }
    case 'binary-cross-entropy':
      return new PixelSum(binaryCrossEntropyFormula(term, spec), spec, call)
    case 'pixel':
      return new PixelSum(pixelFormula(term, spec), spec, call)
    case 'lovasz':
      return new Lovasz(term, spec, call)
  }
}
