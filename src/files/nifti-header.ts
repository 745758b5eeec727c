/** The fields of a NIfTI header that matter here, from either version and byte order. */

import type { ElementType } from './element.ts'
import { badHeader, corrupt, notSupported, truncated } from './error.ts'

/** Bytes of the two headers. Four more, the extension flags, come before the first possible voxel. */
export const headerLengths = { nifti1: 348, nifti2: 540 } as const

export interface NiftiHeader {
  readonly littleEndian: boolean
  readonly type: ElementType
  /** `dim[1]` to `dim[dim[0]]`, each at least 1; x first. */
  readonly dims: readonly number[]
  readonly voxelOffset: number
  readonly slope: number
  readonly intercept: number
  /** Handedness, then the size of a voxel along each axis. */
  readonly pixdim: readonly number[]
  readonly qformCode: number
  readonly sformCode: number
  /** Quaternion b, c, d, then the offsets x, y, z. */
  readonly qform: readonly number[]
  readonly srow: readonly number[]
  /** The rounding unit of the type in which the header holds real numbers. */
  readonly epsilon: number
}

const types = new Map<number, ElementType>([
  [2, 'u1'],
  [4, 'i2'],
  [8, 'i4'],
  [16, 'f4'],
  [64, 'f8'],
  [256, 'i1'],
  [512, 'u2'],
  [768, 'u4'],
  [1024, 'i8'],
  [1280, 'u8'],
])

const foreignTypes = new Map<number, string>([
  [1, 'binary'],
  [32, 'complex64'],
  [128, 'RGB24'],
  [1536, 'float128'],
  [1792, 'complex128'],
  [2048, 'complex256'],
  [2304, 'RGBA32'],
])

/** Reads the header in the first bytes of a file. Its first field is its own size and tells version and byte order. */
export function parseHeader(bytes: Uint8Array): NiftiHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4) throw truncated('4 bytes of NIfTI header', String(bytes.length))
  for (const little of [true, false]) {
    const size = view.getInt32(0, little)
    if (size !== headerLengths.nifti1 && size !== headerLengths.nifti2) continue
    if (bytes.length < size) throw truncated(`${size} bytes of NIfTI header`, String(bytes.length))
    return size === headerLengths.nifti1 ? version1(view, little) : version2(view, little)
  }
  throw badHeader('sizeof_hdr', '348 (NIfTI-1) or 540 (NIfTI-2)', view.getInt32(0, true))
}

/** `count` values of a table, `step` bytes apart. */
function table(get: (at: number) => number, from: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => get(from + step * index))
}

function version1(view: DataView, little: boolean): NiftiHeader {
  checkMagic(view, 344, 'n+1')
  const short = (at: number) => view.getInt16(at, little)
  const float = (at: number) => view.getFloat32(at, little)
  const offset = float(108)
  if (!(Number.isInteger(offset) && offset >= 0 && offset < 2 ** 32)) {
    throw badHeader('vox_offset', 'a whole number of bytes below 2³²', offset)
  }
  return {
    littleEndian: little,
    dims: checkedDims(table(short, 40, 2, 8)),
    type: checkedType(short(70), short(72)),
    pixdim: table(float, 76, 4, 8),
    voxelOffset: checkedOffset(offset, headerLengths.nifti1),
    slope: float(112),
    intercept: float(116),
    qformCode: short(252),
    sformCode: short(254),
    qform: table(float, 256, 4, 6),
    srow: table(float, 280, 4, 12),
    epsilon: 2 ** -23,
  }
}

function version2(view: DataView, little: boolean): NiftiHeader {
  checkMagic(view, 4, 'n+2')
  // A transfer as text would change these four bytes, as it would in a PNG file.
  const guard = view.getUint32(8, false)
  if (guard !== 0x0d0a1a0a && guard !== 0) {
    throw corrupt('13, 10, 26, 10 after the magic n+2', `[${table((at) => view.getUint8(at), 8, 1, 4).join(', ')}]`)
  }
  const long = (at: number) => Number(view.getBigInt64(at, little))
  const double = (at: number) => view.getFloat64(at, little)
  const offset = long(168)
  if (offset < 0) throw badHeader('vox_offset', 'a number of bytes', offset)
  return {
    littleEndian: little,
    dims: checkedDims(table(long, 16, 8, 8)),
    type: checkedType(view.getInt16(12, little), view.getInt16(14, little)),
    pixdim: table(double, 104, 8, 8),
    voxelOffset: checkedOffset(offset, headerLengths.nifti2),
    slope: double(176),
    intercept: double(184),
    qformCode: view.getInt32(344, little),
    sformCode: view.getInt32(348, little),
    qform: table(double, 352, 8, 6),
    srow: table(double, 400, 8, 12),
    epsilon: Number.EPSILON,
  }
}

function checkMagic(view: DataView, at: number, single: string): void {
  const found = String.fromCharCode(...table((place) => view.getUint8(place), at, 1, 4))
  if (found === `${single}\0`) return
  if (found === `ni${single[2]}\0`) {
    throw notSupported('a NIfTI image in one file', 'one half of a .hdr/.img pair', 'save it as .nii or .nii.gz')
  }
  throw badHeader('magic', single, JSON.stringify(found))
}

function checkedDims(dim: readonly number[]): number[] {
  const rank = dim[0] as number
  if (rank < 1 || rank > 7) throw badHeader('dim[0]', '1 to 7 axes', rank)
  const dims = dim.slice(1, rank + 1)
  if (dims.some((size) => size < 1)) {
    throw badHeader('dim', 'at least one voxel along every axis', `[${dims.join(', ')}]`)
  }
  return dims
}

/** The voxels come after the header and the four bytes that announce extensions. */
function checkedOffset(offset: number, headerLength: number): number {
  const least = headerLength + 4
  if (offset < least) throw badHeader('vox_offset', `at least ${least}`, offset)
  return offset
}

function checkedType(code: number, bitpix: number): ElementType {
  const type = types.get(code)
  if (type === undefined) {
    const name = foreignTypes.get(code)
    if (name === undefined) throw badHeader('datatype', 'a code of the NIfTI standard', code)
    const remedy = 'convert the image to one of these'
    throw notSupported('integer, float32 or float64 voxels', `datatype ${code} (${name})`, remedy)
  }
  const bits = Number(type[1]) * 8
  if (bitpix !== bits) throw badHeader('bitpix', `${bits}, as the datatype is ${code}`, bitpix)
  return type
}
