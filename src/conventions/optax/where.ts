/** optax's option `where`: an array that says which elements of the logits count. */
import { list } from '../../describe.ts'
import { masklossError } from '../../errors.ts'
import { recognize, type TensorLike } from '../../tensor.ts'
import { broadcast, broadcasts, numbersOf } from '../arrange.ts'
import { permutation } from '../path.ts'
import { unnested, type Reader } from '../reader.ts'

/** Nested lists of flags. */
export type NestedFlags = readonly (boolean | number | NestedFlags)[]
/** Nested lists or a tensor; 0 and `false` do not count. */
export type WhereOption = NestedFlags | TensorLike

/** The option, copied. */
export interface Where {
  readonly data: Float64Array
  readonly shape: readonly number[]
}

/** Reads the option; `null` and absent: all elements count. */
export const WHERE: Reader<Where | undefined, WhereOption | null> = {
  kind: 'tensor',
  read(options, name) {
    const value = options.raw(name)
    if (value === undefined || value === null) return undefined
    if (!Array.isArray(value)) {
      const tensor = recognize(value, name)
      const data = Float64Array.from(numbersOf({ name, tensor }))
      return { data, shape: tensor.shape ?? [data.length] }
    }
    const flags = unnested(value)
    const isFlag = (flag: unknown): boolean => typeof flag === 'number' || typeof flag === 'boolean'
    if (flags !== undefined && flags.elements.every(isFlag)) {
      return { data: Float64Array.from(flags.elements, Number), shape: flags.shape }
    }
    const expected = 'lists of true and false, all of one length at each depth'
    throw options.error('ERR_MASKLOSS_OPTION_TYPE', name, expected, 'pass for example [[true, false], [true, true]]')
  },
}

/**
 * The flags of all elements, in the order of axes that the logits have been moved to. With fewer axes than the logits, those of the
 * classes stand in `where` with extent 1, as `expand_dims` puts them.
 */
export function spread(
  { data, shape }: Where,
  logits: readonly number[],
  order: readonly number[],
  classAxes: readonly number[],
): Float64Array {
  const full = shape.length === logits.length ? shape : expanded(shape, classAxes)
  if (!broadcasts(full, logits)) {
    throw masklossError({
      code: 'ERR_MASKLOSS_SHAPE',
      argument: 'where',
      expected: `a shape that broadcasts to ${list(logits)}, with or without the class axes`,
      actual: list(shape),
      remedy: 'pass one flag an element of the logits, or extents of 1 to repeat one along an axis',
    })
  }
  const flags = broadcast(data, full, logits)
  return Float64Array.from(permutation(logits, order), (source) => flags[source] as number)
}

/** Puts axes of extent 1 at the places of the classes. */
function expanded(shape: readonly number[], classAxes: readonly number[]): number[] {
  const rest = [...shape]
  return Array.from({ length: shape.length + classAxes.length }, (_, axis) =>
    classAxes.includes(axis) ? 1 : (rest.shift() ?? 1),
  )
}
