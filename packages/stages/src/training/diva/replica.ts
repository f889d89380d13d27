/** Latents that were computed before. */
export interface KnownLatents {
  /** [count, …shape]. */
  readonly values: Float32Array
  /** [height, width, channels]. */
  readonly shape: ReadonlyArray<number>
}

/** Some images of a step, on which a replica works at once. */
export interface Unit {
  readonly step: number
  /** The first image's place among all of the step. */
  readonly first: number
  readonly count: number
  /** [count, side, side, 3], normalised with CLIP's mean and deviation. */
  readonly crops: Float32Array
  /** The crops' latents, where they are known. */
  readonly latents?: KnownLatents | undefined
  /** Whether activations are computed a second time instead of being kept. */
  readonly checkpoints: boolean
}

/** Pictures to make of the condition of some crops. */
export interface PictureRequest {
  readonly file: string
  /** Where the crops themselves are shown. */
  readonly shown: string | undefined
  /** [count, side, side, 3], normalised with CLIP's mean and deviation. */
  readonly crops: Float32Array
  readonly count: number
  /** Steps from noise to picture. */
  readonly steps: number
}

/**
 * A model that is being trained, in this process or in another. All replicas of a training hold the same numbers: each
 * works on its share of a step's images, and makes the same step of the summed gradients.
 */
export interface Replica {
  /** Computes the gradient of some images, to be added by `add`; the losses of the draws. */
  readonly backward: (unit: Unit) => Promise<ReadonlyArray<number>>
  /** Adds the gradient of the last images to the step's sum. Replicas add in the order of the images. */
  readonly add: (isFirst: boolean) => Promise<void>
  /** Changes the parameters by the sum. The norm of the gradients before clipping. */
  readonly finishStep: (step: number) => Promise<number>
  /** Bytes of tensors while that many images are computed at once, the model's and an optimiser's among them. */
  readonly peakBytes: (count: number, checkpoints: boolean) => Promise<number>
  /** Writes weights and the optimisers' memory into an existing folder. */
  readonly save: (folder: string) => Promise<void>
  /** Goes on from what `save` wrote after `step` steps. */
  readonly restore: (folder: string, step: number) => Promise<void>
  /** Writes the tuned CLIP into an existing folder. */
  readonly saveTuned: (folder: string) => Promise<void>
  /** Writes what the diffusion model makes of the present condition, from noise alone. */
  readonly writePictures: (request: PictureRequest) => Promise<void>
  readonly dispose: () => Promise<void>
}
