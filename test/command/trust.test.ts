import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { writeBenchmarkSamples, writeShards } from "../../packages/stages/src/formats/index.ts"
import { encodePng } from "../../packages/stages/src/images/index.ts"
import { makeFolder, removeFolder, root, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(join(folder, path, ".."), { recursive: true })
  writeFileSync(join(folder, path), content)
}

/** A picture of one colour. */
const picture = (level: number): Uint8Array =>
  encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(level) })

const sample = (index: number, label: string) => ({
  key: `s${index}`,
  files: new Map([
    ["png", picture(20 * index)],
    ["cls", Buffer.from(label)],
  ]),
})

/** Six images of two classes, in two shards. */
const writeBenchmark = async (name: string, labels = "010101"): Promise<void> => {
  await writeBenchmarkSamples(
    join(folder, name),
    [...labels].map((label, index) => sample(index, label)),
    3,
  )
  put(`${name}/classnames.txt`, "dark\nlight\n")
  put(`${name}/zeroshot_classification_templates.txt`, "a {c} square\n")
}

/** Scores a benchmark by the command; what else the stage of images is given comes as YAML. */
const score = async (name: string, { model = "./clip", more = "" } = {}) => {
  put(
    `${name}.yaml`,
    `version: 1
name: ${name}
stages:
  images:
    uses: evaluate/image-features
    with: { model: ${model}, benchmark: ./${name}${more} }
  texts:
    uses: evaluate/text-features
    with: { model: ${model}, benchmark: ./${name} }
  scores:
    uses: evaluate/score
    with:
      images: \${{ stages.images.outputs.features }}
      texts: \${{ stages.texts.outputs.features }}
outputs:
  metrics: \${{ stages.scores.outputs.metrics }}
`,
  )
  const { code, stdout, stderr } = await run(folder, ["run", `${name}.yaml`])
  return { code, printed: stdout + stderr }
}

const flagsOf = (name: string): ReadonlyArray<string> =>
  JSON.parse(readFileSync(join(folder, "results", name, "metrics.json"), "utf8")).flags

beforeAll(() => {
  cpSync(join(root, "packages/stages/models/micro-clip"), join(folder, "clip"), { recursive: true })
})

describe("a benchmark that can't be trusted", () => {
  test("is refused, by name, when a part of it is missing", async () => {
    await writeBenchmark("partial")
    rmSync(join(folder, "partial/test/1.tar"))
    const { code, printed } = await score("partial")
    expect(code).not.toBe(0)
    expect(printed).toContain("the benchmark is not whole: nshards.txt says 2 shards, but 1.tar is missing")
    expect(printed).toContain(join(folder, "partial"))
  })

  test("is refused where its labels don't fit the list of its classes", async () => {
    await writeBenchmark("misfit", "010201")
    const { code, printed } = await score("misfit")
    expect(code).not.toBe(0)
    expect(printed).toContain(
      'sample s3 of the benchmark has the class "2", but classnames.txt has classes 0 to 1',
    )
    expect(printed).toContain("misfit/test/1.tar")
  })

  test("is refused where a model's features are no numbers", async () => {
    await writeBenchmark("broken")
    cpSync(join(folder, "clip"), join(folder, "diverged"), { recursive: true })
    const file = join(folder, "diverged", "open_clip_model.safetensors")
    const bytes = readFileSync(file)
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length))
    const [start, end] = header["visual.proj"].data_offsets
    bytes.fill(0xff, 8 + length + start, 8 + length + end)
    writeFileSync(file, bytes)
    const { code, printed } = await score("broken", { model: "./diverged" })
    expect(code).not.toBe(0)
    expect(printed).toContain("the model's features of images are not finite numbers (s0)")
  })

  test("is flagged where images are in another split, in what was trained on, or there twice", async () => {
    await writeBenchmark("shared")
    mkdirSync(join(folder, "shared/train"))
    await writeShards(join(folder, "shared/train"), [sample(1, "1"), sample(40, "0")], {
      samplesPerShard: 9,
      digits: 1,
    })
    await writeShards(join(folder, "trained-on"), [sample(2, "0")], { samplesPerShard: 9 })
    put("shared/test/nshards.txt", "3\n")
    await writeShards(join(folder, "again"), [{ ...sample(4, "1"), key: "s9" }], {
      samplesPerShard: 9,
      digits: 1,
    })
    cpSync(join(folder, "again/0.tar"), join(folder, "shared/test/2.tar"))
    const { code, printed } = await score("shared", { more: ", against: [./trained-on]" })
    expect(code, printed).toBe(0)
    const flags = [
      "1 image is there twice, with different answers: s4 and s9",
      "1 image is also in the split train: s1",
      "1 image is also in the data of against[0]: s2",
    ]
    expect(flagsOf("shared")).toEqual(flags)
    for (const flag of flags) expect(printed).toContain(flag)
  })
})
