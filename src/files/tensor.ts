/** What a file reader gives, and how large a file it accepts. */

/** The arrays file contents may lie in. */
export type FileArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** The kind of a file, told by its name. */
export type FileFormat = 'nifti' | 'nifti-gz' | 'npy' | 'npz' | 'png'

/**
 * One array out of a file.
 *
 * The last axis is the fastest in every format. NPY and NPZ keep the shape that NumPy shows; PNG gives `[height,
 * width]`. NIfTI stores its first axis fastest, so its axes come in reverse: a file of (x, y, z) gives `[z, y, x]` and
 * no voxel moves. Axes of length 1 beyond the third are dropped, since writers add them freely, and a line becomes `[1,
 * x]`. A class axis, fourth in the file (or fifth, after a time axis of 1), so comes first: class scores (x, y, z, c)
 * give `[c, z, y, x]`, the layout CDHW.
 */
export interface FileTensor {
  readonly format: FileFormat
  readonly data: FileArray
  /** Slowest axis first; empty for a NumPy scalar. */
  readonly shape: readonly number[]
  /**
   * NIfTI: three rows of four, from voxel indices (along the last, last but one and last but two axis) to millimetres.
   */
  readonly affine?: readonly number[]
  /** NIfTI: the distance of neighbours along the last axes of `shape`, where the header gives it. */
  readonly spacing?: readonly number[]
}

/** Upper bounds that hold before anything is allocated. */
export interface FileLimits {
  /** Pixels of one PNG image. */
  readonly maxPixels: number
  /** Bytes of one array, as stored and as returned. */
  readonly maxBytes: number
}

/** 2²⁸ pixels an image and 4 GiB an array. */
export const defaultLimits: FileLimits = { maxPixels: 2 ** 28, maxBytes: 2 ** 32 }

/** Something that turns a file into an array, or throws a `FileError`. */
export interface FileReader {
  /** `key` names the array of an archive (`.npz`) and is not looked at for other formats. */
  read(path: string, key: string | undefined, limits: FileLimits): Promise<FileTensor>
}

const extensions: readonly (readonly [string, FileFormat])[] = [
  ['.nii.gz', 'nifti-gz'],
  ['.nii', 'nifti'],
  ['.npy', 'npy'],
  ['.npz', 'npz'],
  ['.png', 'png'],
]

/** The stem and the format of a file name; `undefined` for names of other files. Upper and lower case are the same. */
export function splitName(name: string): { stem: string; format: FileFormat } | undefined {
  const lower = name.toLowerCase()
  const found = extensions.find(([extension]) => lower.endsWith(extension))
  return found && { stem: name.slice(0, -found[0].length), format: found[1] }
}
