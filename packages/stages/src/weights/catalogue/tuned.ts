import type { CatalogueEntry, CatalogueFile } from "./catalogue.ts"
import { CLIP_WEIGHTS, CONFIG, PYTORCH, SAFETENSORS } from "./clip.ts"
import { hubFile, type Place } from "./files.ts"

const DIVA: Place = ["BAAI/DIVA", "main"]
const GENHANCER: Place = ["msj9817/GenHancer", "main"]

/** What the untuned CLIP of that name has beside its weights. */
const companionsOf = (name: string): ReadonlyArray<CatalogueFile> => {
  const files = CLIP_WEIGHTS.find((entry) => entry.name === name)?.files
  if (files === undefined || files === "packaged") throw new Error(`the catalogue has no ${name}`)
  return files.filter(({ path }) => path !== SAFETENSORS && path !== PYTORCH)
}

/** A CLIP that DIVA's authors have tuned: a state dict, by the paths of their README's table. The licence is their model card's. */
const diva = (name: string, architecture: string, path: string): CatalogueEntry => ({
  name: `diva-${name}`,
  architecture: `${architecture}, tuned by DIVA's authors`,
  licence: "Apache-2.0",
  note: "commit, sizes and digests are unknown to us; the authors' code saves a state dict, of the CLIP or with all that was trained beside it, and either is read",
  files: [hubFile(PYTORCH, [DIVA], undefined, path), ...companionsOf(name)],
})

/**
 * A CLIP that GenHancer's authors have tuned, saved by transformers' `save_pretrained` in the folders of their README's
 * table, and read with what the untuned CLIP has for tokenizing.
 */
const genhancer = (name: string, architecture: string, folder: string): CatalogueEntry => ({
  name: `genhancer-${name}`,
  architecture: `${architecture}, tuned by GenHancer's authors`,
  licence: null,
  note: "the names of its files are those that the authors' training code writes (save_pretrained, safe_serialization=False); commit, sizes, digests and licence are unknown to us",
  files: [
    ...["config.json", "pytorch_model.bin"].map((path) =>
      hubFile(path, [GENHANCER], undefined, `${folder}/${path}`),
    ),
    ...companionsOf(name).filter(({ path }) => path !== CONFIG),
  ],
})

export const TUNED_WEIGHTS: ReadonlyArray<CatalogueEntry> = [
  diva("openai-l14-224", "OpenAI CLIP ViT-L/14, 224 pixels", "OpenAICLIP/OpenAI-ViT-L-14-224.pth"),
  diva("openai-l14-336", "OpenAI CLIP ViT-L/14, 336 pixels", "OpenAICLIP/OpenAI-ViT-L-14-336.pth"),
  diva("metaclip-l14-224", "MetaCLIP ViT-L/14, 224 pixels", "MetaCLIP/MetaCLIP-ViT-L-14.pth"),
  diva("metaclip-h14-224", "MetaCLIP ViT-H/14, 224 pixels", "MetaCLIP/MetaCLIP-ViT-H-14.pth"),
  diva("siglip-so400m-14-224", "SigLIP ViT-SO400M/14, 224 pixels", "SigLIP/SigLIP-ViT-SO-14-224.pth"),
  diva("siglip-so400m-14-384", "SigLIP ViT-SO400M/14, 384 pixels", "SigLIP/SigLIP-ViT-SO-14-384.pth"),
  diva("dfn-h14-224", "DFN ViT-H/14, 224 pixels", "DFN/DFN-ViT-H-14-224.pth"),
  diva("dfn-h14-378", "DFN ViT-H/14, 378 pixels", "DFN/DFN-ViT-H-14-378.pth"),
  genhancer("openai-l14-224", "OpenAI CLIP ViT-L/14, 224 pixels", "OpenAICLIP/clip-vit-large-patch14"),
  genhancer("openai-l14-336", "OpenAI CLIP ViT-L/14, 336 pixels", "OpenAICLIP/clip-vit-large-patch14-336"),
  genhancer("metaclip-l14-224", "MetaCLIP ViT-L/14, 224 pixels", "MetaCLIP/metaclip-l14-fullcc2.5b"),
  genhancer("metaclip-h14-224", "MetaCLIP ViT-H/14, 224 pixels", "MetaCLIP/metaclip-h14-fullcc2.5b"),
  genhancer("siglip-so400m-14-224", "SigLIP ViT-SO400M/14, 224 pixels", "SigLIP/siglip-so400m-patch14-224"),
  genhancer("siglip-so400m-14-384", "SigLIP ViT-SO400M/14, 384 pixels", "SigLIP/siglip-so400m-patch14-384"),
]
