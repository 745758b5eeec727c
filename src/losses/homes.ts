/** Where an option belongs that another loss has not: for the remedy when it is passed there. */
export const OPTION_HOMES: ReadonlyMap<string, string> = new Map(
  [
    ['alpha', 'tverskyLoss'],
    ['beta', 'tverskyLoss'],
    ['gamma', 'focalTverskyLoss'],
    ['smooth', 'the region losses'],
    ['includeBackground', 'the region losses'],
    ['scorePer', 'the region losses'],
    ['labelSmoothing', 'the cross-entropies'],
    ['meanOver', 'the cross-entropies'],
    ['clip', 'the cross-entropies'],
    ['positiveWeights', 'binaryCrossEntropyLoss'],
    ['regions', 'the region losses and binaryCrossEntropyLoss'],
    ['maskValue', 'the region losses and binaryCrossEntropyLoss'],
    ['dice', 'diceCrossEntropyLoss'],
    ['crossEntropy', 'diceCrossEntropyLoss'],
  ].map(([name, home]) => [name as string, `${name} is an option of ${home}`]),
)
