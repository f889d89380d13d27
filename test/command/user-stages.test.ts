import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const root = makeFolder()
afterAll(() => removeFolder(root))

let folder = ""
let count = 0
beforeEach(() => {
  folder = join(root, `${++count}`)
  mkdirSync(folder)
})

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}

/** What is kept of the stages' code is the tests' own. */
const command = (...args: ReadonlyArray<string>) => run(folder, args, { env: { XDG_CACHE_HOME: root } })

/** Blurs a graymap as text: a plain format, so that the test needs no library. */
const BLUR = `import { readFileSync, writeFileSync } from "node:fs"
import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { mean } from "./mean.ts"

export default defineStage({
  name: "image/blur",
  version: 1,
  summary: "Blurs a row of pixels",
  input: Type.Object(
    { image: artefact("image"), radius: Type.Integer({ default: 1, minimum: 0 }) },
    { additionalProperties: false },
  ),
  outputs: { blurred: { kind: "image", description: "The row, blurred", file: "blurred.txt" } },
  isolation: "inline",
  run: ({ image, radius }, context) =>
    Effect.sync(() => {
      const pixels: ReadonlyArray<number> = readFileSync(image, "utf8").trim().split(" ").map(Number)
      if (pixels.length === 1) throw new Error("one pixel is no row")
      const blurred = pixels.map((_, at) => mean(pixels.slice(Math.max(0, at - radius), at + radius + 1)))
      context.log("info", "blurred " + pixels.length + " pixels")
      writeFileSync(context.outputs.blurred, blurred.join(" "))
    }),
})
`

const MEAN = `export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
`

const DOCUMENT = `version: 1
name: row
stages:
  blur: { uses: ./stages/blur.ts, with: { image: row.txt } }
  again: { uses: ./stages/blur.ts, with: { image: "\${{ stages.blur.outputs.blurred }}", radius: 0 } }
outputs: { blurred: "\${{ stages.again.outputs.blurred }}" }
`

const writeRow = (): void => {
  write("row.yaml", DOCUMENT)
  write("row.txt", "0 3 6 3 0\n")
  write("stages/blur.ts", BLUR)
  write("stages/mean.ts", MEAN)
}

const result = (): string => readFileSync(join(folder, "results/row/blurred.txt"), "utf8")

/** Runs the document, and gives what became of the tasks. */
const statuses = async (): Promise<ReadonlyArray<string>> => {
  const { code, stdout, stderr } = await command("run", "row.yaml", "--json")
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return JSON.parse(stdout).tasks.map(({ status }: { readonly status: string }) => status)
}

describe("a stage from a file", () => {
  test("runs, is cached, and runs again when it or what it imports changes", async () => {
    writeRow()
    expect(await statuses()).toEqual(["succeeded", "succeeded"])
    expect(result()).toBe("1.5 3 4 3 1.5")
    expect(await statuses()).toEqual(["cached", "cached"])
    write("stages/mean.ts", MEAN.replace("values.length", "3"))
    expect((await command("plan", "row.yaml")).stdout).toMatch(
      /▸ blur +runs: source stages\/blur\.ts changed/,
    )
    expect(await statuses()).toEqual(["succeeded", "succeeded"])
    expect(result()).toBe(
      "1 3 4 3 1"
        .split(" ")
        .map((pixel) => Number(pixel) / 3)
        .join(" "),
    )
    appendFileSync(join(folder, "stages/blur.ts"), "// changed\n")
    expect(await statuses()).toEqual(["succeeded", "succeeded"])
  })

  test("that is used wrongly is told in the document", async () => {
    writeRow()
    write("row.yaml", DOCUMENT.replace("{ image: row.txt }", "{ image: row.txt, radius: wide, raduis: 2 }"))
    const { code, stderr } = await command("run", "row.yaml")
    expect(code).toBe(2)
    expect(stderr.match(/^row\.yaml:.*$/gm)).toEqual([
      'row.yaml:4:67: error: input `radius` of `image/blur` must be a whole number, not the text "wide"',
      "row.yaml:4:73: error: unknown input `raduis` of `image/blur`",
    ])
    expect(stderr).toContain("hint: did you mean `radius`?")
  })

  test("is part of the schema of the document", async () => {
    writeRow()
    const { code, stdout, stderr } = await command("schema", "row.yaml")
    expect([code, stderr]).toEqual([0, ""])
    const { allOf } = JSON.parse(stdout).properties.stages.additionalProperties
    const ofBlur = allOf.find(
      ({ if: { properties } }: { if: { properties: { uses: { const?: string } } } }) =>
        properties.uses.const?.endsWith("blur.ts"),
    )
    expect(Object.keys(ofBlur.then.properties.with.properties)).toEqual(["image", "radius"])
  })

  test("that is broken is told with its own place", async () => {
    writeRow()
    write("stages/blur.ts", BLUR.replace('"image/blur",', '"image/blur" version'))
    const { code, stderr } = await command("run", "row.yaml")
    expect(code).toBe(2)
    expect(stderr).toMatch(/^row\.yaml:4:17: error: `\.\/stages\/blur\.ts` can't be used: expected "}"/m)
    expect(stderr).toMatch(/^ +stages\/blur\.ts:8:22: it is here$/m)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  test("that throws while it runs fails with one message", async () => {
    writeRow()
    write("row.txt", "7\n")
    const { code, stderr } = await command("run", "row.yaml")
    expect(code).toBe(1)
    expect(stderr.match(/one pixel is no row/g)).toHaveLength(1)
    expect(stderr).toMatch(/^✗ blur/m)
    expect(stderr).toMatch(/^– again/m)
    expect(stderr.match(/^ +at .*$/gm)).toEqual(["    at row.yaml:4:3"])
  })
})

describe("a stage from a package beside the document", () => {
  test("runs, is cached, and runs again in another version of the package", async () => {
    writeRow()
    const install = (version: string): void =>
      write(
        "node_modules/row-stages/package.json",
        JSON.stringify({ name: "row-stages", version, type: "module", exports: "./index.js" }),
      )
    install("1.0.0")
    const plain = BLUR.replace("mean.ts", "mean.js").replace(": ReadonlyArray<number>", "")
    write("node_modules/row-stages/blur.js", plain)
    write("node_modules/row-stages/mean.js", MEAN.replace(/: [\w<>]+(?=[,)= ])/g, ""))
    write("node_modules/row-stages/index.js", 'import blur from "./blur.js"\nexport default [blur]\n')
    write("row.yaml", DOCUMENT.replaceAll("./stages/blur.ts", "package:row-stages/blur"))
    expect(await statuses()).toEqual(["succeeded", "succeeded"])
    expect(result()).toBe("1.5 3 4 3 1.5")
    expect(await statuses()).toEqual(["cached", "cached"])
    install("1.1.0")
    const planned = await command("plan", "row.yaml")
    expect(planned.stdout).toMatch(/▸ blur +runs: .*row-stages 1\.0\.0 → row-stages 1\.1\.0/)
    write("row.yaml", DOCUMENT.replaceAll("./stages/blur.ts", "package:row-stages/blurr"))
    const { code, stderr } = await command("validate", "row.yaml")
    expect(code).toBe(2)
    expect(stderr).toContain("row-stages 1.1.0 has no stage `blurr`")
    expect(stderr).toContain("hint: did you mean `blur`?")
  })
})
