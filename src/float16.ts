/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits; value = ±2^(e−15)·(1 + f/1024), subnormal ±2^−14·f/1024. */

let table: Float32Array | undefined

function valueOf(half: number): number {
  const sign = half < 0x8000 ? 1 : -1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * 2 ** -24 * fraction
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * 2 ** (exponent - 25) * (1024 + fraction)
}

/** Converts float16 bits to float32, exactly. */
export function float32FromFloat16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const values = (table ??= Float32Array.from({ length: 65_536 }, (_, half) => valueOf(half)))
  const result = new Float32Array(bits.length)
  for (let index = 0; index < result.length; index += 1) result[index] = values[bits[index] as number] as number
  return result
}
