import type { Adapter, Plan, Skip } from './vectors.ts'
import { channelsFirst, skip } from './vectors.ts'

/** PyTorch: `[N, C, …spatial]`, labels `[N, …spatial]` or probabilities. */
export const torch: Adapter = (row): Plan | Skip => {
  const { options } = row
  const data = channelsFirst(row)
  switch (row.loss) {
    case 'cross_entropy':
      return {
        parts: [
          {
            loss: 'crossEntropyLoss',
            options: {
              activation: 'softmax',
              classWeights: options['weight'],
              labelSmoothing: options['label_smoothing'] ?? 0,
              reduction: options['reduction'] ?? 'mean',
              ignoreIndex: options['ignore_index'],
              // By the weights of the labels; by the number of pixels where the targets are probabilities.
              meanOver: data.targetKind === 'labels' ? 'weights' : 'pixels',
            },
          },
        ],
        data,
      }
    case 'binary_cross_entropy_with_logits':
      return {
        parts: [
          {
            loss: 'binaryCrossEntropyLoss',
            options: {
              activation: 'sigmoid',
              positiveWeights: options['pos_weight'],
              reduction: options['reduction'] ?? 'mean',
              meanOver: 'pixels',
            },
          },
        ],
        data,
      }
    default:
      return skip(`${row.loss} is not one of this version's losses`)
  }
}
