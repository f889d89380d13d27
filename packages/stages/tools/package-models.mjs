// Puts the results of pipelines/pretrain-micro.yaml into models/, with a manifest for each model:
// node packages/stages/tools/package-models.mjs results/pretrain-micro
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const PIPELINE = "pipelines/pretrain-micro.yaml"
const [results] = process.argv.slice(2)
if (results === undefined) {
  process.stderr.write("usage: package-models.mjs <folder of results>\n")
  process.exit(2)
}
const tools = dirname(fileURLToPath(import.meta.url))
const models = resolve(tools, "../models")
const document = resolve(tools, "../../..", PIPELINE)

const readJson = (file) => JSON.parse(readFileSync(join(results, file), "utf8"))
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")
const seed = Number(
  / {2}seed:\n {4}type: integer\n {4}default: (\d+)/.exec(readFileSync(document, "utf8"))?.[1],
)

const copy = (from, to) => {
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  rmSync(to, { recursive: true, force: true })
  const described = files.map((entry) => {
    const path = relative(from, join(entry.parentPath, entry.name))
    const bytes = readFileSync(join(from, path))
    mkdirSync(dirname(join(to, path)), { recursive: true })
    writeFileSync(join(to, path), bytes)
    return [path, { size: bytes.length, sha256: sha256(bytes) }]
  })
  return Object.fromEntries(described.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const packageModel = (name, output, scores) => {
  const files = copy(join(results, output), join(models, name))
  const manifest = {
    name,
    licence: "MIT",
    pipeline: { file: PIPELINE, sha256: sha256(readFileSync(document)), seed },
    scores,
    files,
  }
  writeFileSync(join(models, name, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`)
}

const scoresOf = (file) => {
  const { n, metrics, intervals, chance, per_category } = readJson(file)
  const categories = per_category?.map((category) => [category.name, category.value])
  return { n, metrics, intervals, chance, ...(categories && { categories: Object.fromEntries(categories) }) }
}

packageModel("micro-clip", "clip", {
  "scene pairs": scoresOf("pairs.json"),
  digits: scoresOf("digits.json"),
  "scene retrieval": scoresOf("retrieval.json"),
})
const { samples, draws, loss } = readJson("diffusion-losses.json")
packageModel("micro-sd", "diffusion", { "noise prediction": { samples, draws, loss } })
