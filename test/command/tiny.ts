import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"

/** The whole method, as small as it can be: the quickstart's stages and their order. */
const TINY = `version: 1
name: tiny

params:
  rate: { type: number, default: 0.001, description: The learning rate }

stages:
  clip: { uses: weights/fetch, with: { name: micro-clip } }
  diffusion: { uses: weights/fetch, with: { name: micro-sd } }
  scenes:
    uses: dataset/scenes
    with: { count: 40, pairs-per-category: 2, retrieval-count: 8, seed: 3 }
  digits:
    uses: dataset/digits
    with: { train-count: 10, test-count: 30 }
  images:
    uses: dataset/image2dataset
    with: { list: "\${{ stages.scenes.outputs.images }}", resize-mode: "no", encode-format: png }
  inject:
    uses: condition/inject
    with:
      model: \${{ stages.clip.outputs.weights }}
      diffusion: \${{ stages.diffusion.outputs.weights }}
      design: micro
  train:
    uses: train/diva
    with:
      model: \${{ stages.inject.outputs.model }}
      images: \${{ stages.images.outputs.shards }}
      steps: 4
      batch: 2
      accumulation: 1
      checkpoint-every: 1
      learning-rate: \${{ params.rate }}
  pairs-before:
    uses: evaluate/mmvp
    with:
      model: \${{ stages.clip.outputs.weights }}
      benchmark: \${{ stages.scenes.outputs.pairs }}
      label: pairs
  pairs-after:
    uses: evaluate/mmvp
    with:
      model: \${{ stages.train.outputs.weights }}
      benchmark: \${{ stages.scenes.outputs.pairs }}
      label: pairs
  digits-before:
    uses: evaluate/zero-shot
    with:
      model: \${{ stages.clip.outputs.weights }}
      benchmark: \${{ stages.digits.outputs.benchmark }}
      label: digits
  digits-after:
    uses: evaluate/zero-shot
    with:
      model: \${{ stages.train.outputs.weights }}
      benchmark: \${{ stages.digits.outputs.benchmark }}
      label: digits
  report:
    uses: report/summary
    with:
      before: ["\${{ stages.pairs-before.outputs.metrics }}", "\${{ stages.digits-before.outputs.metrics }}"]
      after: ["\${{ stages.pairs-after.outputs.metrics }}", "\${{ stages.digits-after.outputs.metrics }}"]
      training: \${{ stages.train.outputs.log }}

outputs:
  report: \${{ stages.report.outputs.report }}
`

/** Stages of the tiny pipeline that depend on the learning rate. */
export const afterTraining = ["digits-after", "pairs-after", "report", "train"]
/** All stages of it. */
export const tinyStages = 12

/** Writes the tiny pipeline into a folder. */
export const writeTiny = (folder: string): void => writeFileSync(join(folder, "tiny.yaml"), TINY)

/** The report of the tiny pipeline: its files and their texts. */
export const reportOf = (folder: string): Readonly<Record<string, string>> => {
  const report = join(folder, "results", "tiny", "report")
  const files = readdirSync(report, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(report, join(entry.parentPath, entry.name)))
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(join(report, file), "utf8")]))
}
