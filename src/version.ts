/** The version of the package; the native binary must be of the same. */
export const VERSION = '0.1.0'

/** The version of the numerics: it changes with any bit of any result. Results of different ones do not merge. */
export const NUMERICS = 1
