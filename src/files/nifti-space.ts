/** Where voxels lie in space: the three methods of the NIfTI specification, the surest first. */

import { badHeader } from './error.ts'
import type { NiftiHeader } from './nifti-header.ts'

/**
 * From voxel indices x, y, z to millimetres, three rows of four: `srow` if `sform_code` > 0, else the quaternion if
 * `qform_code` > 0, else the voxel sizes alone.
 */
export function readAffine(header: NiftiHeader): number[] {
  const [field, affine] = method(header)
  const wrong = affine.find((value) => !Number.isFinite(value))
  if (wrong !== undefined) throw badHeader(field, 'finite numbers', wrong)
  return affine
}

function method(header: NiftiHeader): [string, number[]] {
  if (header.sformCode > 0) return ['srow', [...header.srow]]
  if (header.qformCode > 0) return ['quatern', quaternionAffine(header)]
  const [x, y, z] = voxelSize(header)
  return ['pixdim', [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0]]
}

/** The distances of voxels along the (up to three) spatial axes, slowest first; nothing where the header gives none. */
export function readSpacing({ dims, pixdim }: NiftiHeader): number[] | undefined {
  const spacing = pixdim.slice(1, 1 + Math.min(3, dims.length)).map(Math.abs)
  return spacing.every((size) => Number.isFinite(size) && size > 0) ? spacing.toReversed() : undefined
}

/** Voxel sizes are lengths; one that is not given counts as 1. */
function voxelSize({ pixdim }: NiftiHeader): [number, number, number] {
  return pixdim.slice(1, 4).map((size) => (size === 0 ? 1 : Math.abs(size))) as [number, number, number]
}

/**
 * Rotation by the unit quaternion a + bi + cj + dk, of which the file gives b, c, d and a ≥ 0 follows; times the voxel
 * sizes, the third one negated where `pixdim[0]` is negative; and the offsets.
 */
function quaternionAffine(header: NiftiHeader): number[] {
  const [b, c, d, offsetX, offsetY, offsetZ] = header.qform as [number, number, number, number, number, number]
  const square = b * b + c * c + d * d
  // 1 − square is a²; rounding in the file can bring it to nearly zero or just below: half a turn.
  const halfTurn = 1 - square < 3 * header.epsilon
  const a = halfTurn ? 0 : Math.sqrt(1 - square)
  const s = 2 / (halfTurn ? square : 1)
  const [x, y, size] = voxelSize(header)
  const z = (header.pixdim[0] as number) < 0 ? -size : size
  const rows = [
    [(1 - s * (c * c + d * d)) * x, s * (b * c - a * d) * y, s * (b * d + a * c) * z, offsetX],
    [s * (b * c + a * d) * x, (1 - s * (b * b + d * d)) * y, s * (c * d - a * b) * z, offsetY],
    [s * (b * d - a * c) * x, s * (c * d + a * b) * y, (1 - s * (b * b + c * c)) * z, offsetZ],
  ]
  return rows.flat()
}
