/** The numbers that cross the border with a call, in one buffer: what the call says, then the report. */

/** What a call says in numbers. */
export interface CallNumbers {
  readonly samples: number
  readonly pixels: number
  readonly channelsLast?: boolean | undefined
  readonly perClass?: boolean | undefined
  readonly gradientScale?: number | undefined
  readonly accumulate?: boolean | undefined
  /** 0: those of the compiled criterion. */
  readonly threads?: number
}

const CALL = 7

/** The buffer of a call, with room for so many numbers of its report. */
export function numbersOf(call: CallNumbers, report = 4): ArrayBuffer {
  const { samples, pixels, channelsLast = false, perClass = false, gradientScale = 1, accumulate = false } = call
  const numbers = new Float64Array(CALL + report)
  const { threads = 0 } = call
  numbers.set([samples, pixels, Number(channelsLast), Number(perClass), gradientScale, Number(accumulate), threads])
  return numbers.buffer
}

/** What the call has reported: loss, count of non-finite values, loss of each term, and values where no array was given for them. */
export function reportOf(numbers: ArrayBuffer): Float64Array<ArrayBuffer> {
  return new Float64Array(numbers, CALL * Float64Array.BYTES_PER_ELEMENT)
}
