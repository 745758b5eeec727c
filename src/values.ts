/** The axes of a result's values: those of the first term. */
import type { CriterionSpec } from './engine.ts'
import type { Geometry } from './layout.ts'

/** `[]` is a single value. */
export function valuesShapeOf(spec: CriterionSpec, geometry: Geometry): number[] {
  const term = spec.terms[0]
  const { samples } = geometry
  switch (term?.kind) {
    case 'cross-entropy':
      return term.reduction === 'none' ? [samples, ...geometry.spatial] : [spec.classes]
    case 'binary-cross-entropy':
      return term.reduction === 'none' ? [...geometry.shape] : [spec.classes]
    case 'region':
      switch (term.scorePer) {
        case 'sample-class':
          return [samples, term.classes.length]
        case 'class':
          return [term.classes.length]
        case 'sample':
          return [samples]
        case 'batch':
          return []
      }
  }
  return []
}
