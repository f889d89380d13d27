import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { removeFolder } from "../command/command.ts"
import { Place, usePlace } from "./place.ts"

const place = usePlace()

const STAGES = `
  first:
    uses: exec
    secrets: [TRACE]
    with: { command: 'echo x >> "$TRACE"; seq 1000 > "$OUTPUT/numbers"' }
  second:
    uses: exec
    with: { command: 'tail -n 1 "$INPUT_FIRST/numbers" > "$OUTPUT/last"', inputs: { first: "\${{ stages.first.outputs.output }}" } }
  third:
    uses: exec
    with: { command: 'cat "$INPUT_SECOND/last" > "$OUTPUT/copy"', inputs: { second: "\${{ stages.second.outputs.output }}" } }`

const env = (work: Place) => ({ env: { TRACE: join(work.folder, "trace") } })

let model: Place
beforeAll(async () => {
  model = new Place()
  model.write(STAGES, { all: "first.output", copy: "third.output" })
  await model.succeed([], env(model))
})
afterAll(() => removeFolder(model.folder))

/** The store of a run that is done; its results are yet to be placed. */
const done = (): Place => {
  const work = place()
  work.write(STAGES, { all: "first.output", copy: "third.output" })
  cpSync(model.store, work.store, { recursive: true, preserveTimestamps: true })
  return work
}

/** The next run must find what is wrong and come to the right result; gives what it said. */
const recover = async (work: Place): Promise<string> => {
  const said = await work.succeed([], env(work))
  expect(work.result("copy/copy")).toBe("1000\n")
  expect(work.result("all/numbers").split("\n")).toHaveLength(1001)
  // Once mended, it stays so.
  expect((await work.succeed([], env(work))).match(/ cached$/gm)).toHaveLength(3)
  return said
}

const contentOf = (work: Place, name: string): string =>
  work.filesOf("trees").find((file) => basename(file) === name) ?? `no ${name} in the store`

describe("an artefact", () => {
  test("whose file was truncated, deleted or emptied is noticed before use, made again and reported", async () => {
    const work = done()
    truncateSync(contentOf(work, "numbers"), 100)
    unlinkSync(contentOf(work, "last"))
    truncateSync(contentOf(work, "copy"), 0)
    const said = await recover(work)
    for (const [stage, file] of [
      ["first", "numbers"],
      ["second", "last"],
      ["third", "copy"],
    ])
      expect(said).toMatch(new RegExp(`^▸ ${stage} +started: .*(damaged|removed|changed).*${file}`, "m"))
  })

  test("whose file is a folder now is made again, and what comes after it is not", async () => {
    const work = done()
    const file = contentOf(work, "numbers")
    unlinkSync(file)
    mkdirSync(file)
    expect(await recover(work)).toMatch(/^✓ third +cached/m)
  })

  test("whose manifest is gone, garbage or changed in one bit is made again", async () => {
    const work = done()
    const manifests = work.filesOf("trees").filter((file) => basename(file) === "manifest.json")
    expect(manifests).toHaveLength(3)
    const [one = "", two = "", three = ""] = manifests
    unlinkSync(one)
    work.damage(two, () => Buffer.from("{"))
    work.damage(three, (content) => {
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1
      return content
    })
    const said = await recover(work)
    expect(said.match(/started: .*(damaged|removed|changed)/gm)).toHaveLength(3)
  })

  test("that is gone with all others, records kept, is made again", async () => {
    const work = done()
    rmSync(join(work.store, "trees"), { recursive: true })
    await recover(work)
  })
})

describe("records", () => {
  test.each([
    ["gone, empty or garbage", [undefined, "", "\u0000\u0001{]"]],
    [
      "of another kind, cut or a list",
      ['{"key":[],"outputs":null}', '{"environment":{},"fields":{"comm', "[]"],
    ],
  ])("that are %s are as good as none", async (_how, texts) => {
    const work = done()
    const records = work.filesOf("keys")
    expect(records).toHaveLength(texts.length)
    for (const [index, file] of records.entries()) {
      const text = texts[index]
      if (text === undefined) unlinkSync(file)
      else work.damage(file, () => Buffer.from(text))
    }
    await recover(work)
  })

  test("that name what isn't there, or each other's place, are not believed", async () => {
    const work = done()
    const [one = "", two = "", three = ""] = work.filesOf("keys")
    const other = readFileSync(one)
    work.damage(two, () => other)
    work.damage(three, (content) =>
      Buffer.from(content.toString().replaceAll(/"output":"[0-9a-f]{64}"/g, `"output":"${"0".repeat(64)}"`)),
    )
    await recover(work)
  })
})

describe("what only helps", () => {
  test("may be garbage everywhere: journals, sources, last keys, claims, leases", async () => {
    const work = done()
    for (const part of ["runs", "tasks", "claims", "leases"]) {
      for (const file of work.filesOf(part)) work.damage(file, () => Buffer.from("\u0000garbage{\n[]\n"))
    }
    writeFileSync(join(work.store, "sources.json"), "\u0000{")
    expect((await recover(work)).match(/ cached$/gm)).toHaveLength(3)
  })

  test("may be gone", async () => {
    const work = done()
    for (const part of ["runs", "tasks", "claims", "leases", "work", "checkpoints", "sources.json"])
      rmSync(join(work.store, part), { recursive: true, force: true })
    expect((await recover(work)).match(/ cached$/gm)).toHaveLength(3)
  })

  test("may be folders where files should be", async () => {
    const work = done()
    rmSync(join(work.store, "sources.json"), { force: true })
    mkdirSync(join(work.store, "sources.json"))
    for (const file of work.filesOf("tasks")) {
      unlinkSync(file)
      mkdirSync(file)
    }
    expect((await recover(work)).match(/ cached$/gm)).toHaveLength(3)
  })
})

describe("what a dead process has left", () => {
  test("is cleared away: its lease, its claims, its work", async () => {
    const work = done()
    for (const file of work.filesOf("keys")) unlinkSync(file)
    mkdirSync(join(work.store, "work", "0123456789abcdef-1", "outputs"), { recursive: true })
    writeFileSync(join(work.store, "work", "0123456789abcdef-1", "outputs", "half"), "half")
    mkdirSync(join(work.store, "leases"), { recursive: true })
    writeFileSync(
      join(work.store, "leases", "0123456789abcdef.json"),
      JSON.stringify({ machine: "another one", pid: 1, started: "1" }),
    )
    utimesSync(join(work.store, "leases", "0123456789abcdef.json"), 1, 1)
    for (const file of work.filesOf("claims")) {
      unlinkSync(file)
      writeFileSync(file.replace(/\.done$/, ""), "0123456789abcdef")
    }
    await recover(work)
    expect(work.filesOf("leases")).toEqual([])
  })
})
