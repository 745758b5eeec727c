/** The axes of a result's values: those of the first term. */
import type { CriterionSpec, ScorePer } from './engine.ts'
import type { Geometry } from './layout.ts'

/**
 * Cells for the losses of a score; for the losses that are sums over pixels one value a class, all classes by id, or under
 * reduction `'none'` one a pixel (categorical) or one an element of the prediction (binary). `[]` is a single value.
 */
export function valuesShapeOf(
  spec: CriterionSpec,
  geometry: Pick<Geometry, 'samples' | 'spatial' | 'shape'>,
): number[] {
  const term = spec.terms[0]
  const { samples } = geometry
  const perPixel = [samples, ...geometry.spatial]
  const perElement = [...geometry.shape]
  switch (term?.kind) {
    case 'cross-entropy':
      return term.reduction === 'none' ? perPixel : [spec.classes]
    case 'binary-cross-entropy':
      return term.reduction === 'none' ? perElement : [spec.classes]
    case 'pixel':
      if (term.reduction !== 'none') return [spec.classes]
      return term.form === 'categorical' ? perPixel : perElement
    case 'region':
    case 'correlation':
    case 'sensitivity-specificity':
    case 'lovasz':
      return cellsShape(term.scorePer, samples, term.classes.length)
    case 'wasserstein':
      return cellsShape(term.scorePer, samples, spec.classes)
  }
  return []
}

function cellsShape(scorePer: ScorePer, samples: number, classes: number): number[] {
  switch (scorePer) {
    case 'sample-class':
      return [samples, classes]
    case 'class':
      return [classes]
    case 'sample':
      return [samples]
    case 'batch':
      return []
  }
}
