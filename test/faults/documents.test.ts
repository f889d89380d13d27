// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { checkDocument } from "../soak/documents.ts"
import { languageCampaign } from "../soak/mutations.ts"
import { usePlace } from "./place.ts"

const place = usePlace()

/** What the command says of a document that it must refuse. */
const refused = async (content: string | Uint8Array): Promise<string> => {
  const work = place()
  writeFileSync(join(work.folder, "work.yaml"), content)
  const { code, stdout, stderr } = await work.command(["validate", "work.yaml"])
  expect(code, stderr).toBe(2)
  expect(stdout).toBe("")
  expect(stderr.length).toBeLessThan(20_000)
  return stderr
}

const fine = 'version: 1\nstages: { a: { uses: exec, with: { command: "true" } } }\n'
const laughs = (levels: number, width: number): string =>
  Array.from({ length: levels }, (_, level) => {
    const item = level === 0 ? "lol" : `*a${level - 1}`
    return `a${level}: &a${level} [${Array.from({ length: width }, () => item).join(", ")}]\n`
  }).join("")

describe("a document made to do harm is refused in clear words", () => {
  test.each([
    ["a billion laughs", `version: 1\n${laughs(9, 10)}`, /aliases written out/],
    ["a megabyte of laughs", `version: 1\n${laughs(500, 300)}`.slice(0, 999_000), /:\d+:\d+: error/],
    ["too large", `version: 1\ndescription: ${"x".repeat(1_000_001)}\n`, /larger than/],
    ["lists 100 000 deep", "[".repeat(100_000), /nested 64 deep/],
    ["maps 100 000 deep", `a: ${"{a: ".repeat(100_000)}`, /nested 64 deep/],
    [
      "blocks 1000 deep",
      Array.from({ length: 1000 }, (_, at) => `${" ".repeat(at)}a:\n`).join(""),
      /nested 64 deep/,
    ],
    ["a huge scalar", `version: 1\nname: ${"x".repeat(900_000)}\n`, /work\.yaml:2:7: error/],
    ["stages without a value", "version: 1\nstages:\n", /work\.yaml:2:1: error: the pipeline has no stages/],
    [
      "50 000 keys",
      `version: 1\n${Array.from({ length: 50_000 }, (_, at) => `k${at}: 1\n`).join("")}`,
      /unknown key/,
    ],
    ["NULs", "version: 1\n\u0000\u0000stages: {}\n", /error/],
    ["empty", "", /error/],
    ["only comments", "# nothing\n# at all\n", /error/],
    ["several documents", `${fine}---\n${fine}`, /one document/],
    ["an anchor to itself", "version: 1\nstages: &a { a: *a }\n", /own anchor/],
    ["a merge key", "version: 1\nstages: { a: { <<: { uses: exec } } }\n", /error/],
    ["tags", "version: 1\nstages: !!js/function 'x'\n", /tags/],
    ["tabs", "version: 1\nstages:\n\ta: 1\n", /error/],
    ["a duplicate key", `${fine}version: 1\n`, /duplicate key/],
    [
      "names of Object",
      "version: 1\nstages: { constructor: { uses: toString }, __proto__: { uses: exec } }\n",
      /error/,
    ],
    [
      "an expression without end",
      `version: 1\nstages: { a: { uses: exec, with: { command: "\${{ ${"(".repeat(10_000)}" } } }\n`,
      /bad expression/,
    ],
    ["UTF-16", Buffer.from(`\ufeff${fine}`, "utf16le"), /UTF-8/],
    ["not UTF-8", Buffer.concat([Buffer.from(fine), Buffer.from([0xff, 0xc0, 0x80])]), /UTF-8/],
  ])("%s", async (_what, content, words) => {
    expect(await refused(content)).toMatch(words)
  })

  test("no file, a folder, a pipe, a circle of links", async () => {
    const work = place()
    mkdirSync(join(work.folder, "folder.yaml"))
    symlinkSync("circle.yaml", join(work.folder, "circle.yaml"))
    spawnSync("mkfifo", [join(work.folder, "pipe.yaml")])
    for (const name of ["folder.yaml", "circle.yaml", "pipe.yaml", "none.yaml"]) {
      const { code, stderr } = await work.command(["validate", name])
      expect([code, name]).toEqual([2, name])
      expect(stderr).toContain(name)
    }
  })

  test("but a byte order mark and Windows's line ends are fine", async () => {
    const work = place()
    writeFileSync(join(work.folder, "work.yaml"), `\ufeff${fine.replaceAll("\n", "\r\n")}`)
    expect((await work.command(["validate", "work.yaml"])).code).toBe(0)
  })
})

const corpus = globSync("*.yaml", { cwd: join(import.meta.dirname, "corpus") }).sort()

describe("whatever a document holds, it becomes a pipeline or mistakes that have a place", () => {
  test.each(corpus)("%s of the corpus", async (name) => {
    expect(await checkDocument(readFileSync(join(import.meta.dirname, "corpus", name), "utf8"))).toEqual([])
  })

  // `npm run soak language -- --runs 100000` does the same for longer.
  test("mutations of the corpus, and texts of the language's own pieces", async () => {
    const { violations } = await languageCampaign({ runs: 200, seed: 1 })
    expect(violations).toEqual([])
  }, 120_000)
})
