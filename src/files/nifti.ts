/**
 * NIfTI-1 and NIfTI-2 volumes in one file (`.nii`, `.nii.gz`), either byte order: a header, extensions (skipped), and
 * from `vox_offset` on the voxels. https://nifti.nimh.nih.gov/nifti-1, https://nifti.nimh.nih.gov/nifti-2
 */

import { elements, elementSize, type ElementType } from './element.ts'
import { badHeader, checkLength } from './error.ts'
import { checkRatio, inflateExactly, peekGzip } from './inflate.ts'
import { checkedBytes } from './limits.ts'
import { headerLengths, parseHeader, type NiftiHeader } from './nifti-header.ts'
import { readAffine, readSpacing } from './nifti-space.ts'
import type { FileArray, FileLimits, FileTensor } from './tensor.ts'

/** Extensions hold text about the image. They are decompressed with it, beyond the bytes of the array. */
const extensionAllowance = 2 ** 26

/**
 * Whether `slope · stored + intercept` is asked for. A slope of 0 means none by the specification, and NaN to many
 * writers.
 */
function isScaled({ slope, intercept }: NiftiHeader): boolean {
  return slope !== 0 && !Number.isNaN(slope) && (slope !== 1 || intercept !== 0)
}

/** Scaled values need a float64 where the stored type has more than the 24 bits of a float32. */
function scaledType(type: ElementType): 'f4' | 'f8' {
  return elementSize(type) <= 2 || type === 'f4' ? 'f4' : 'f8'
}

/** Scales in float64, then rounds once. */
function scale(data: FileArray, { slope, intercept, type }: NiftiHeader): FileArray {
  const result = scaledType(type) === 'f4' ? new Float32Array(data.length) : new Float64Array(data.length)
  for (let i = 0; i < result.length; i++) result[i] = Number(data[i]) * slope + intercept
  return result
}

/** The axes of the header in reverse, without those of length 1 beyond the third. */
function tensorShape(dims: readonly number[]): number[] {
  const shape = dims.filter((size, axis) => axis < 3 || size !== 1)
  if (shape.length === 1) shape.push(1)
  return shape.toReversed()
}

/** Reads a volume. */
export async function decodeNifti(
  bytes: Uint8Array<ArrayBuffer>,
  compressed: boolean,
  limits: FileLimits,
): Promise<FileTensor> {
  const start = compressed ? await peekGzip(bytes, headerLengths.nifti2, 'the NIfTI file') : bytes
  const header = parseHeader(start)
  const { type, voxelOffset, dims, slope, intercept } = header
  const scaled = isScaled(header)
  if (scaled && !Number.isFinite(slope)) throw badHeader('scl_slope', 'a finite number', slope)
  if (scaled && !Number.isFinite(intercept)) throw badHeader('scl_inter', 'a finite number', intercept)
  const resultSize = elementSize(scaled ? scaledType(type) : type)
  const total = voxelOffset + checkedBytes('dim', dims, elementSize(type), resultSize, limits)
  let content = bytes
  if (compressed) {
    checkRatio(bytes.length, total, 'gzip data')
    if (voxelOffset > limits.maxBytes + extensionAllowance)
      throw badHeader('vox_offset', 'a place inside the file', voxelOffset)
    content = await inflateExactly(bytes, 'gzip', total, 'the NIfTI file')
  }
  checkLength('NIfTI header and voxels', total, content.length)
  const stored = elements(content.subarray(voxelOffset), type, header.littleEndian)
  const spacing = readSpacing(header)
  return {
    format: compressed ? 'nifti-gz' : 'nifti',
    data: scaled ? scale(stored, header) : stored,
    shape: tensorShape(dims),
    affine: readAffine(header),
    ...(spacing && { spacing }),
  }
}
