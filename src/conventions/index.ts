/** `conventions`: one namespace a library, one entry a loss, made for an engine. A library is one module whose exports are its entries. */
import type { EngineSource } from '../engine.ts'
import type { Entry } from './convention.ts'
import * as jdt from './jdt.ts'
import * as keras from './keras/index.ts'
import * as kornia from './kornia/index.ts'
import * as monai from './monai/index.ts'
import * as nnunet from './nnunet/index.ts'
import * as optax from './optax/index.ts'
import * as pytorch3dunet from './pytorch3dunet.ts'
import * as seed from './seed.ts'
import * as segloss from './segloss/index.ts'
import * as smp from './smp/index.ts'
import * as tfjs from './tfjs/index.ts'
import * as torch from './torch.ts'
import * as vnet from './vnet.ts'

const LIBRARIES = { jdt, keras, kornia, monai, nnunet, optax, pytorch3dunet, seed, segloss, smp, tfjs, torch, vnet }

/** The entries of a library, made for an engine. */
export type Bound<Library> = {
  readonly [Name in keyof Library]: Library[Name] extends Entry<infer Made> ? Made : never
}

/**
 * The losses of other libraries, each under its library's own name, with its own option names in camelCase and its own defaults:
 *
 *     const criterion = conventions.monai.DiceLoss({ toOnehotY: true, softmax: true })
 *     const { loss, gradient } = criterion.evaluate(logits, labels, { gradient: true })
 *
 * Tensors go in with the shapes the library takes, prediction first. Sample weights and masks are the call options `pixelWeights` and
 * `mask`. `values` is what the library returns. A library's defects are not reproduced; the entry says where its numbers differ.
 */
export interface Conventions {
  /** JDTLosses: Jaccard metric losses and Dice semimetric losses. */
  readonly jdt: Bound<typeof jdt>
  /** Keras: `keras.losses`. */
  readonly keras: Bound<typeof keras>
  /** kornia: `kornia.losses`. */
  readonly kornia: Bound<typeof kornia>
  /** MONAI: `monai.losses`. */
  readonly monai: Bound<typeof monai>
  /** nnU-Net: `nnunetv2.training.loss`, and its trainer's settings. */
  readonly nnunet: Bound<typeof nnunet>
  /** pytorch-3dunet: `pytorch3dunet.unet3d.losses`. */
  readonly pytorch3dunet: Bound<typeof pytorch3dunet>
  /** The five losses of the article that maskloss comes from. */
  readonly seed: Bound<typeof seed>
  /** SegLossOdyssey: `losses_pytorch`. */
  readonly segloss: Bound<typeof segloss>
  /** segmentation-models-pytorch: `segmentation_models_pytorch.losses`. */
  readonly smp: Bound<typeof smp>
  /** optax: `optax.losses`. */
  readonly optax: Bound<typeof optax>
  /** TensorFlow.js: `tf.losses` and the losses of its layers. */
  readonly tfjs: Bound<typeof tfjs>
  /** PyTorch: `torch.nn.functional`. */
  readonly torch: Bound<typeof torch>
  /** V-Net: the Dice loss of its paper. */
  readonly vnet: Bound<typeof vnet>
}

/** The conventions on an engine. */
export function conventionsOf(source: EngineSource): Conventions {
  const bound = Object.entries(LIBRARIES).map(([library, entries]) => [
    library,
    Object.fromEntries(Object.entries(entries).map(([name, entry]: [string, Entry<unknown>]) => [name, entry(source)])),
  ])
  return Object.fromEntries(bound) as Conventions
}
