/** MONAI's generalised Wasserstein Dice. */
import { masklossError } from '../../errors.ts'
import { NON_NEGATIVE } from '../../options.ts'
import { channelsFirst, labels, pixelWeights } from '../arrange.ts'
import { convention, type Convention } from '../convention.ts'
import { matrix, number, word } from '../reader.ts'
import { criterion, wasserstein } from '../terms.ts'

/**
 * `GeneralizedWassersteinDiceLoss` of MONAI 1.5, from logits (softmax) and labels `[N, …]` or `[N, 1, …]`, per sample. With
 * `W_v = Σ_c M[y_v, c]·p_c`, M divided by its largest element:
 *
 *     'default'   ℓ = 1 − (2T + s_n)/(2T + Σ W + s_d),      T = Σ_{y > 0} (1 − W)
 *     'GDL'       ℓ = 1 − (2T + s_n)/(Σ a·(2 − W) + s_d),   T = Σ a·(1 − W),  a = 1/(G_y + 1)
 *
 * MONAI 1.5 mixes the samples of a batch and cannot reshape its result under `'none'`; here each sample has its own loss, and `'none'`
 * returns `[N]`. With one sample the numbers are the same.
 */
export interface GeneralizedWassersteinDiceLossOptions {
  /** M, `[C][C]`: distances ≥ 0 between the classes. Required. */
  readonly distMatrix: readonly ArrayLike<number>[]
  /** Default `'default'`. */
  readonly weightingMode?: 'default' | 'GDL' | undefined
  /** Default `'mean'`. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined
  /** s_n ≥ 0. Default 1e-5. */
  readonly smoothNr?: number | undefined
  /** s_d ≥ 0. Default 1e-5. */
  readonly smoothDr?: number | undefined
}

/** {@inheritDoc GeneralizedWassersteinDiceLossOptions} */
export const GeneralizedWassersteinDiceLoss: Convention<GeneralizedWassersteinDiceLossOptions> = convention(
  'monai.GeneralizedWassersteinDiceLoss',
  {
    distMatrix: matrix(NON_NEGATIVE),
    weightingMode: word(['default', 'GDL'], 'default'),
    reduction: word(['mean', 'sum', 'none'], 'mean'),
    smoothNr: number(1e-5, NON_NEGATIVE),
    smoothDr: number(1e-5, NON_NEGATIVE),
  },
  (options) => {
    const { distMatrix, reduction, smoothNr, smoothDr } = options
    const elements = distMatrix.flat()
    const largest = elements.reduce((most, distance) => Math.max(most, distance), 0)
    if (distMatrix.some((row) => row.length !== distMatrix.length) || largest === 0) {
      throw conflict(
        'distMatrix',
        'a square matrix of distances that are not all 0',
        `rows of ${distMatrix.map((row) => row.length).join(', ')}`,
      )
    }
    const term = wasserstein({
      distances: elements.map((distance) => distance / largest),
      weighting: options.weightingMode === 'GDL' ? 'volume' : 'default',
      smoothNumerator: smoothNr,
      smoothDenominator: smoothDr,
      reduction,
    })
    return (inputs) => {
      const grid = channelsFirst(inputs.prediction)
      const { classes } = grid
      if (classes !== distMatrix.length)
        throw conflict('distMatrix', `one row a class (${classes})`, `${distMatrix.length} rows`)
      const spec = criterion({ activation: 'softmax', classes, terms: [term] })
      return {
        jobs: [{ spec, grid, ...labels(inputs.target, grid), pixelWeights: pixelWeights(inputs, grid) }],
        valuesShape: reduction === 'none' ? [grid.samples] : undefined,
      }
    }
  },
)

function conflict(argument: string, expected: string, actual: string): Error {
  const code = 'ERR_MASKLOSS_OPTION_CONFLICT'
  return masklossError({ code, argument, expected, actual, remedy: `pass ${expected}` })
}
