/** Keras 3: `keras.losses`. */
export { BinaryCrossentropy, BinaryFocalCrossentropy } from './binary.ts'
export {
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  SparseCategoricalCrossentropy,
} from './categorical.ts'
export { Dice, Tversky } from './region.ts'
