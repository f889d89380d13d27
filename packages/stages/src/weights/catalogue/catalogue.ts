import { CLIP_WEIGHTS } from "./clip.ts"
import { DIFFUSION_WEIGHTS } from "./diffusion.ts"
import { TUNED_WEIGHTS } from "./tuned.ts"

/** One file of a checkpoint. */
export interface CatalogueFile {
  /** Its place in the checkpoint's folder. */
  readonly path: string
  /** In bytes; null where it isn't known. */
  readonly size: number | null
  /** Null where we know none: the hub's own digest at the moment of the download counts then. */
  readonly sha256: string | null
  /** Where it is to be had, the best place first: `hf://owner/name@revision/path`, or `https://…`. */
  readonly mirrors: ReadonlyArray<string>
  /** Where size and digest are from; null where there are none. */
  readonly evidence: string | null
}

/** A checkpoint that can be fetched by name. */
export interface CatalogueEntry {
  readonly name: string
  /** What it is, in a few words. */
  readonly architecture: string
  /** SPDX identifier, or the publisher's name for it; null where the publisher says none. */
  readonly licence: string | null
  /** What else there is to know, such as what of it is unknown. */
  readonly note?: string
  /** Its files, or `packaged` when it comes with this package, in `models/<name>`. */
  readonly files: ReadonlyArray<CatalogueFile> | "packaged"
}

/** The checkpoints that DIVA starts from, those that it and others have tuned, and the small ones that come with this package. */
export const CATALOGUE: ReadonlyArray<CatalogueEntry> = [
  {
    name: "micro-clip",
    architecture: "OpenAI CLIP, 64 pixels, patch 8, trained on rendered scenes and digits",
    licence: "MIT",
    files: "packaged",
  },
  {
    name: "micro-sd",
    architecture: "Stable Diffusion's structure at 64 pixels, trained on rendered scenes and digits",
    licence: "MIT",
    files: "packaged",
  },
  ...CLIP_WEIGHTS,
  ...DIFFUSION_WEIGHTS,
  ...TUNED_WEIGHTS,
]
