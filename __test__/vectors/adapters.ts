import { keras } from './keras.ts'
import { kornia } from './kornia.ts'
import { monai } from './monai.ts'
import { jdt, nnunet, segloss } from './nnunet.ts'
import { optax } from './optax.ts'
import { smp } from './smp.ts'
import { tfjs } from './tfjs.ts'
import { torch } from './torch.ts'
import type { Adapter } from './vectors.ts'

/** The recorded files, and how each library's options read in ours. */
export const ADAPTERS: readonly (readonly [name: string, adapter: Adapter])[] = [
  ['monai', monai],
  ['monai-derived', monai],
  ['smp', smp],
  ['smp-derived', smp],
  ['keras', keras],
  ['keras-derived', keras],
  ['torch-derived', torch],
  ['nnunet-derived', nnunet],
  ['optax', optax],
  ['optax-derived', optax],
  ['kornia', kornia],
  ['kornia-derived', kornia],
  ['tfjs', tfjs],
  ['segloss-derived', segloss],
  ['jdt-derived', jdt],
]
