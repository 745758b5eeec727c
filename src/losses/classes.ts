/** Which classes a loss is about. */
import type { Whole } from '../loss.ts'
import { INDEX, type OptionKind, type OptionValues } from '../options.ts'

/** The options that choose classes. */
export interface ClassOptions {
  /** `false` leaves class 0 out of the loss (its pixels still count for the other classes). Default `true`. */
  readonly includeBackground?: boolean | undefined
  /** The class ids that count; values come in ascending order. Default: all. */
  readonly classes?: ArrayLike<number> | undefined
}

/** The table of `ClassOptions`. */
export const CLASS_TABLE: Readonly<Record<keyof ClassOptions, OptionKind>> = {
  includeBackground: 'value',
  classes: 'list',
}

/** Reads the classes that count, as a function of how many there are. */
export function parseClasses(options: OptionValues, whole: Whole): (count: number) => readonly number[] {
  const includeBackground = options.boolean('includeBackground')
  const given = options.numbers('classes', INDEX)
  if (includeBackground === false && whole.regions !== undefined) {
    const remedy = 'a region is no background: pass classes to choose regions'
    throw options.conflict('includeBackground', 'classes with a background', 'regions', remedy)
  }
  if (given === undefined) {
    const first = includeBackground === false ? 1 : 0
    return (count) => {
      if (count > first) return Array.from({ length: count - first }, (_, index) => index + first)
      const remedy = 'the one channel is the foreground: leave includeBackground out'
      throw options.conflict('includeBackground', 'more than one class', 'one class', remedy)
    }
  }
  const classes = given.toSorted((a, b) => a - b)
  if (new Set(classes).size < classes.length) {
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'classes', 'distinct class ids', 'name each class once')
  }
  if (includeBackground !== undefined) {
    const remedy = 'name the classes that count in classes'
    throw options.conflict('includeBackground', 'no option classes beside it', 'both', remedy)
  }
  return (count) => {
    if ((classes.at(-1) as number) < count) return classes
    const remedy = 'class ids are the channels of the prediction, counted from 0'
    throw options.error('ERR_MASKLOSS_OPTION_VALUE', 'classes', `class ids below ${count}`, remedy)
  }
}
