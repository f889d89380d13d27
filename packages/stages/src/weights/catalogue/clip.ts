import type { CatalogueEntry } from "./catalogue.ts"
import { hubFile, type Known, type Place, vocabulary } from "./files.ts"

export const CONFIG = "open_clip_config.json"
export const SAFETENSORS = "open_clip_model.safetensors"
export const PYTORCH = "open_clip_pytorch_model.bin"

interface ClipEntry extends Omit<CatalogueEntry, "files"> {
  readonly place: Place
  readonly weights: string
  readonly known?: Known
  readonly config?: Known
}

/** A CLIP in open_clip's hub layout. */
const openClip = ({ place, weights, known, config, ...entry }: ClipEntry): CatalogueEntry => ({
  ...entry,
  files: [hubFile(CONFIG, [place], config), hubFile(weights, [place], known), ...vocabulary("")],
})

/** A SigLIP in open_clip's hub layout, with its own tokenizer. */
const siglip = ({ place, weights, known, ...entry }: ClipEntry): CatalogueEntry => ({
  ...entry,
  files: [
    hubFile(CONFIG, [place]),
    hubFile(weights, [place], known),
    hubFile("tokenizer.json", [place]),
    hubFile("tokenizer_config.json", [place]),
  ],
})

/** OpenAI's own file, whose address holds its digest. */
const openaiTorchscript = (
  name: string,
  architecture: string,
  sha256: string,
  path: string,
): CatalogueEntry => ({
  name,
  architecture,
  licence: "MIT",
  files: [
    {
      path,
      size: null,
      sha256,
      mirrors: [`https://openaipublic.azureedge.net/clip/models/${sha256}/${path}`],
      evidence: "the address itself, in openai/CLIP's clip/clip.py",
    },
    ...vocabulary(""),
  ],
})

/** Repositories are those of open_clip's `pretrained.py`. */
export const CLIP_WEIGHTS: ReadonlyArray<CatalogueEntry> = [
  openClip({
    name: "openai-l14-224",
    architecture: "OpenAI CLIP ViT-L/14, 224 pixels",
    licence: "MIT",
    place: ["timm/vit_large_patch14_clip_224.openai", "18d0535469bb561bf468d76c1d73aa35156c922b"],
    weights: SAFETENSORS,
    known: {
      sha256: "9ce2e8a8ebfff3793d7d375ad6d3c35cb9aebf3de7ace0fc7308accab7cd207e",
      evidence: "the blob's name in caches of this commit, and programs that check it",
    },
  }),
  openClip({
    name: "openai-l14-336",
    architecture: "OpenAI CLIP ViT-L/14, 336 pixels",
    licence: "MIT",
    place: ["timm/vit_large_patch14_clip_336.openai", "81e38efc4637de5023b10e75a7f9bd1c6fa6b010"],
    weights: SAFETENSORS,
    known: {
      size: 1_711_828_444,
      sha256: "fbc415c3d0d7b79faed8f5ccfb740c32b7c4f5ffe7283b851f89c6231c01a8e0",
      evidence: "the blob's name in caches of this commit, and programs that check it",
    },
  }),
  openaiTorchscript(
    "openai-l14-224-torchscript",
    "OpenAI CLIP ViT-L/14, 224 pixels, as OpenAI published it",
    "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    "ViT-L-14.pt",
  ),
  openaiTorchscript(
    "openai-l14-336-torchscript",
    "OpenAI CLIP ViT-L/14, 336 pixels, as OpenAI published it",
    "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
    "ViT-L-14-336px.pt",
  ),
  openClip({
    name: "metaclip-l14-224",
    architecture: "MetaCLIP ViT-L/14 (FullCC 2.5B), 224 pixels",
    licence: "CC-BY-NC-4.0",
    note: "commit and digests unknown to us",
    place: ["timm/vit_large_patch14_clip_224.metaclip_2pt5b", "main"],
    weights: SAFETENSORS,
  }),
  openClip({
    name: "metaclip-h14-224",
    architecture: "MetaCLIP ViT-H/14 (FullCC 2.5B), 224 pixels",
    licence: "CC-BY-NC-4.0",
    note: "commit and digests unknown to us",
    place: ["timm/vit_huge_patch14_clip_224.metaclip_2pt5b", "main"],
    weights: SAFETENSORS,
  }),
  siglip({
    name: "siglip-so400m-14-224",
    architecture: "SigLIP ViT-SO400M/14, 224 pixels",
    licence: "Apache-2.0",
    note: "commit and digests unknown to us",
    place: ["timm/ViT-SO400M-14-SigLIP", "main"],
    weights: SAFETENSORS,
  }),
  siglip({
    name: "siglip-so400m-14-384",
    architecture: "SigLIP ViT-SO400M/14, 384 pixels",
    licence: "Apache-2.0",
    note: "digests unknown to us",
    place: ["timm/ViT-SO400M-14-SigLIP-384", "ac16108d567c4389e6cd2b11c9b8585f7474435b"],
    weights: SAFETENSORS,
  }),
  openClip({
    name: "dfn-h14-224",
    architecture: "DFN ViT-H/14 (DFN-5B), 224 pixels",
    licence: "apple-ascl",
    place: ["apple/DFN5B-CLIP-ViT-H-14", "11738501a1db6d5e0a3451a71ba100be02e577e6"],
    weights: PYTORCH,
    known: {
      sha256: "d67de50faa7f3ddce52fbab4f4656b04686a0bb15c26ebd0144d375cfa08b8ae",
      evidence: "programs that check the file of this commit",
    },
  }),
  openClip({
    name: "dfn-h14-378",
    architecture: "DFN ViT-H/14 (DFN-5B), 378 pixels",
    licence: "apple-amlr",
    place: ["apple/DFN5B-CLIP-ViT-H-14-378", "01b771ed0d1395ca5ffdd279897d665ebe00dfd2"],
    weights: PYTORCH,
    known: {
      size: 3_947_081_637,
      sha256: "c07a17b547d461c60a3cce5062b26bf8545b13de602c4c59d8490361eb716033",
      evidence: "programs that check the file of this commit",
    },
    config: { size: 735, evidence: "programs that check the file of this commit" },
  }),
]
