import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { usePlace } from "./place.ts"

const place = usePlace()

const stage = (name: string, command: string, more = ""): string =>
  `  ${name}:\n    uses: exec\n    with:\n${more}      command: ${JSON.stringify(command)}\n`

describe("a command that behaves badly", () => {
  test("by closing its stdio, writing to other descriptors, or printing what steers terminals, does no harm", async () => {
    const work = place()
    work.write(
      stage("closes", 'exec 0<&- 1>&- 2>&-; echo x > "$OUTPUT/a"') +
        stage("writes", 'echo garbage >&3 || :; echo garbage >&4 || :; echo x > "$OUTPUT/a"') +
        stage("prints", "printf '\\033[2J\\033]0;title\\007\\000\\377\\233'; exit 3"),
    )
    const said = await work.fail()
    expect(said).toMatch(/^✓ closes/m)
    expect(said).toMatch(/^✓ writes/m)
    expect(said).toMatch(/^✗ prints +failed: the command ended with code 3/m)
  })

  test("by printing a secret does not give it away", async () => {
    const work = place()
    work.write(stage("prints", 'echo "it is $MY_TOKEN"; exit 3', "      pass-environment: [MY_TOKEN]\n"))
    const said = await work.fail([], { env: { MY_TOKEN: "hush-hush-1234" } })
    expect(said).toContain("it is ***")
    for (const file of ["runs", "keys", "tasks"].flatMap((part) => work.filesOf(part)))
      expect(readFileSync(file, "utf8")).not.toContain("hush-hush")
  })

  test("by printing 200 MB without a line's end is told by its end, in bounded memory", async () => {
    const work = place()
    work.write(stage("floods", "head -c 200000000 /dev/zero | tr '\\0' x; exit 3"))
    const said = await work.fail([], { env: { NODE_OPTIONS: "--max-old-space-size=256" } })
    expect(said).toMatch(/^✗ floods +failed: the command ended with code 3/m)
    expect(said.length).toBeLessThan(20_000)
  })
})

describe("results and stores that cannot be written", () => {
  test("are one clear error: a file where the folder should be", async () => {
    const work = place()
    work.write(stage("a", 'echo x > "$OUTPUT/a"'), { all: "a.output" })
    writeFileSync(join(work.folder, "file"), "")
    for (const option of ["--results", "--store"]) {
      const said = await work.fail([option, "file"])
      expect(said.match(/^error: /gm)).toHaveLength(1)
      expect(said).toMatch(/error: cannot .*file/)
    }
    await work.succeed()
    expect(work.result("all/a")).toBe("x\n")
  })
})
