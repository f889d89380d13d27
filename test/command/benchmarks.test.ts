import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { startHub } from "../../packages/stages/src/weights/fixtures/hub-server.ts"
import { makeFolder, removeFolder, run } from "./command.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const put = (path: string, text: string): void => {
  mkdirSync(join(folder, path, ".."), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe("benchmarks", () => {
  test("lists the catalogue, and says which are at hand and what others lack", async () => {
    for (const name of ["classnames.txt", "zeroshot_classification_templates.txt", "test/0.tar"]) {
      put(`data/mnist/${name}`, "x")
      put(`benchmarks/wds_vtab-dtd/${name}`, "x")
    }
    put("data/mnist/test/nshards.txt", "1\n")
    put("benchmarks/wds_vtab-dtd/test/nshards.txt", "2\n")
    const { code, stdout } = await run(folder, ["benchmarks", "--root", "data", "--root", "benchmarks"])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^imagenet-1k +classification +50 000 +1000 +80 +acc1 +non-commercial research .* -$/m,
    )
    expect(stdout).toMatch(/^mnist .* CC-BY-SA-3\.0 .*\/data\/mnist$/m)
    expect(stdout).toMatch(/^dtd .* \S+\/benchmarks\/wds_vtab-dtd lacks test\/1\.tar$/m)
    expect(stdout).toContain("1 of 30 benchmarks at hand in ")
    expect(stdout).toMatch(/^gtsrb .* unknown +-$/m)
    const listed: ReadonlyArray<{ name: string; atHand: unknown }> = JSON.parse(
      (await run(folder, ["benchmarks", "--root", "benchmarks", "--json"])).stdout,
    )
    expect(listed).toHaveLength(30)
    expect(listed.find(({ name }) => name === "dtd")?.atHand).toEqual({
      folder: join(folder, "benchmarks/wds_vtab-dtd"),
      missing: ["test/1.tar"],
    })
    expect(listed.find(({ name }) => name === "mnist")).toMatchObject({
      atHand: null,
      licence: "CC-BY-SA-3.0",
      licencePage: "https://keras.io/api/datasets/mnist/",
    })
  })

  test("finds what a run has fetched", async () => {
    const file = (text: string) => ({ bytes: Buffer.from(text), storage: "git" as const })
    await using hub = await startHub({
      repositories: {
        "datasets/MMVP/MMVP_VLM": {
          refs: { main: "211372d5357398f914d806d07dc305aea1f257d2" },
          files: {
            "README.md": file("not wanted"),
            "Questions.csv": file("Question ID,Type,Statement\n1,Color,red\n2,Color,blue\n"),
            "MLLM_VLM Images/Color/1.jpg": { bytes: Buffer.from("first"), storage: "lfs" },
            "MLLM_VLM Images/Color/2.jpg": { bytes: Buffer.from("second"), storage: "lfs" },
          },
        },
      },
    })
    put(
      "fetch.yaml",
      `version: 1
name: fetch
stages:
  pairs: { uses: benchmark/fetch, with: { name: mmvp-vlm } }
outputs: { pairs: "\${{ stages.pairs.outputs.benchmark }}" }
`,
    )
    const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, "hugging-face") }
    const fetched = await run(folder, ["run", "fetch.yaml"], { env })
    expect(fetched.code, fetched.stderr).toBe(0)
    const results = join(folder, "results", "fetch", "pairs")
    expect(readdirSync(results).sort()).toEqual(["MLLM_VLM Images", "Questions.csv", "manifest.json"])
    const { stdout } = await run(folder, ["benchmarks"])
    expect(stdout).toMatch(/^mmvp-vlm .*\.diva-pipeline\//m)
  })
})
