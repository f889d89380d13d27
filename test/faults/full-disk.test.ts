import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { type Place, usePlace } from "./place.ts"

const place = usePlace()

let mounted = ""
// Registered after the place, and so run before it is removed.
afterEach(() => {
  if (mounted !== "") spawnSync("umount", [mounted])
  mounted = ""
})

/** A small disk of the test's own. */
const mount = (work: Place, options: string): string => {
  const folder = join(work.folder, "disk")
  mkdirSync(folder)
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]).status !== 0) return ""
  mounted = folder
  return folder
}

const STAGES = `
  a: { uses: exec, with: { command: 'head -c 1500000 /dev/zero > "$OUTPUT/a"' } }
  b: { uses: exec, with: { command: 'cp "$INPUT_A/a" "$OUTPUT/b"', inputs: { a: "\${{ stages.a.outputs.output }}" } } }`

// 4 MB hold the store's two artefacts, and not what fills them besides.
test.each([
  ["store", 4000],
  ["store", 3000],
  ["store", 1000],
  ["results", 2500],
  ["results", 4090],
])(
  "a full disk for the %s, with %i kB taken, is one clear error, and with room again the run completes",
  async (option, taken) => {
    const work = place()
    const disk = mount(work, "size=4m")
    // Mounting is root's alone.
    if (disk === "") return
    work.write(STAGES, { b: "b.output", a: "a.output" })
    writeFileSync(join(disk, "filler"), Buffer.alloc(taken * 1000))
    const args = [`--${option}`, join(disk, option)]
    const { code, stderr } = await work.run(args)
    if (code !== 0) expect(stderr).toMatch(/[Nn]o space left/)
    else expect(taken).toBeLessThan(1500)
    rmSync(join(disk, "filler"))
    await work.succeed(args)
  },
)

test("a read-only disk for store and results is one clear error", async () => {
  const work = place()
  const disk = mount(work, "size=1m,ro")
  if (disk === "") return
  work.write(STAGES, { b: "b.output" })
  for (const option of ["store", "results"]) {
    const said = await work.fail([`--${option}`, join(disk, option)])
    expect(said).toContain("read-only")
    expect(said.match(/^error: /gm)).toHaveLength(1)
  }
})
