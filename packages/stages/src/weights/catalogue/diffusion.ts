import type { CatalogueEntry } from "./catalogue.ts"
import { hubFile, SD_2_1_BASE, vocabulary } from "./files.ts"

const EVIDENCE = "programs that check the file of sd2-community's commit, and of other copies"

/** Small files have no digest here: copies may write them otherwise, and a commit says what they are. */
const SMALL_FILES = [
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "tokenizer/special_tokens_map.json",
  "tokenizer/tokenizer_config.json",
  "unet/config.json",
]

export const DIFFUSION_WEIGHTS: ReadonlyArray<CatalogueEntry> = [
  {
    name: "stable-diffusion-2-1-base",
    architecture: "Stable Diffusion 2.1 base, 512 pixels, in diffusers' layout",
    licence: "CreativeML Open RAIL++-M",
    note: "withdrawn by Stability AI in November 2025; the weights of a mirror must have these digests",
    files: [
      ...SMALL_FILES.map((path) => hubFile(path, SD_2_1_BASE)),
      hubFile("vae/config.json", SD_2_1_BASE, {
        size: 553,
        sha256: "424117cb534ce03497c41305ed868980123917b2b6abba4bbaa615e968772903",
        evidence: EVIDENCE,
      }),
      hubFile("text_encoder/model.safetensors", SD_2_1_BASE, {
        size: 1_361_597_018,
        sha256: "cce6febb0b6d876ee5eb24af35e27e764eb4f9b1d0b7c026c8c3333d4cfc916c",
        evidence: EVIDENCE,
      }),
      hubFile("unet/diffusion_pytorch_model.safetensors", SD_2_1_BASE, {
        sha256: "6dfae3e5f7d459b50f4b0850ead945972c75bb0e1897628933e169eb43974214",
        evidence: EVIDENCE,
      }),
      hubFile("vae/diffusion_pytorch_model.safetensors", SD_2_1_BASE, {
        size: 334_643_276,
        sha256: "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815",
        evidence: EVIDENCE,
      }),
      ...vocabulary("tokenizer/"),
    ],
  },
]
