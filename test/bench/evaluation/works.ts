import { writeFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import sharp from "sharp"
import {
  benchmarkKey,
  type Sample,
  writeBenchmarkSamples,
} from "../../../packages/stages/src/formats/index.ts"

/** A small ViT with a text tower of the same kind. */
const MODEL = {
  embed_dim: 192,
  vision_cfg: { image_size: 112, layers: 6, width: 192, head_width: 64, patch_size: 16 },
  text_cfg: { context_length: 77, width: 192, heads: 3, layers: 4 },
}

export const writeModelConfig = (folder: string): string => {
  const file = join(folder, "config.json")
  writeFileSync(file, JSON.stringify(MODEL))
  return file
}

/** Pictures that differ; more images than these come again with other names. */
const PICTURES = 200

/** A JPEG of 400×300, about as large as a photograph's. */
const pictureOf = (index: number): Promise<Buffer> => {
  const noise = Buffer.from(
    Array.from({ length: 40 * 30 * 3 }, (_, at) => ((at + 1) * (index + 7) * 7919) % 256),
  )
  const small = sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
  return small.resize(400, 300).jpeg({ quality: 90 }).toBuffer()
}

const templates = (count: number, word: string): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `a ${word} number ${index} of the {c}.`)

/** A webdataset of CLIP_benchmark's layout with 80 templates. */
export const writeClassification = async (folder: string, images: number, classes: number): Promise<void> => {
  const pictures = await Promise.all(
    Array.from({ length: Math.min(images, PICTURES) }, (_, index) => pictureOf(index)),
  )
  const samples = function* (): Generator<Sample> {
    for (let index = 0; index < images; index++) {
      const picture = pictures[index % pictures.length] ?? Buffer.alloc(0)
      const label = Buffer.from(String((index * 7) % classes))
      yield {
        key: benchmarkKey(index),
        files: new Map([
          ["jpg", picture],
          ["cls", label],
        ]),
      }
    }
  }
  await writeBenchmarkSamples(folder, samples(), Math.ceil(images / 4))
  const names = Array.from(
    { length: classes },
    (_, index) => `${index % 2 === 0 ? "spotted" : "striped"} thing ${index}`,
  )
  await writeFile(join(folder, "classnames.txt"), `${names.join("\n")}\n`)
  await writeFile(
    join(folder, "zeroshot_classification_templates.txt"),
    `${templates(80, "photo").join("\n")}\n`,
  )
}

/** A pipeline that evaluates a model on a benchmark; the sets of templates are files beside it. */
export const writeDocument = (folder: string, model: string, benchmark: string): string => {
  const sets = {
    seven: templates(7, "picture"),
    others: templates(80, "drawing"),
    own: templates(80, "photo"),
  }
  for (const [name, set] of Object.entries(sets)) writeFileSync(join(folder, `${name}.txt`), set.join("\n"))
  const file = join(folder, "bench.yaml")
  writeFileSync(
    file,
    `version: 1
name: bench
params:
  places: { type: array, items: { type: integer }, default: [1, 5] }
  set: { type: string, default: own }
stages:
  images:
    uses: evaluate/image-features
    with: { model: ${model}, benchmark: ${benchmark}, batch: 64 }
  texts:
    uses: evaluate/text-features
    with: { model: ${model}, benchmark: ${benchmark}, prompts: "./\${{ params.set }}.txt" }
  scores:
    uses: evaluate/score
    with:
      images: \${{ stages.images.outputs.features }}
      texts: \${{ stages.texts.outputs.features }}
      top-k: \${{ params.places }}
outputs:
  metrics: \${{ stages.scores.outputs.metrics }}
`,
  )
  return file
}
