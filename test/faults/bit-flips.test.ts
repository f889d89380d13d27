import { readFileSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import { expect, test } from "vitest"
import { usePlace } from "./place.ts"

const place = usePlace()

test("one flipped bit in an artefact is noticed before use, and the artefact made again", async () => {
  const work = place()
  work.write(
    `
  first: { uses: exec, with: { command: 'seq 1000 > "$OUTPUT/numbers"' } }
  second:
    uses: exec
    with: { command: 'cat "$INPUT_FIRST/numbers" > "$OUTPUT/copy"', inputs: { first: "\${{ stages.first.outputs.output }}" } }`,
    { copy: "second.output", all: "first.output" },
  )
  await work.succeed()
  const expected = work.result("all/numbers")
  rmSync(work.results, { recursive: true })
  for (const name of ["numbers", "copy"]) {
    const file = work.filesOf("trees").find((one) => basename(one) === name) ?? ""
    work.damage(file, (content) => {
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 4
      return content
    })
    expect(readFileSync(file, "utf8")).not.toBe(expected)
    const said = await work.succeed()
    expect(said).toMatch(/started: .*(damaged|changed)/)
    expect(work.result("all/numbers")).toBe(expected)
    expect(work.result("copy/copy")).toBe(expected)
    rmSync(join(work.folder, "results"), { recursive: true })
  }
})
