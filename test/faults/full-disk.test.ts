import { rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { openJournal, type RunEvent, readJournal } from "@diva-pipeline/core"
import { Effect } from "effect"
import { expect, test } from "vitest"
import { usePlace } from "./place.ts"
import { NO_DISK, useSmallDisks } from "./tmpfs.ts"

const place = usePlace()

// Registered after the place, and so unmounted before it is removed.
const mount = useSmallDisks()

const STAGES = `
  a: { uses: exec, with: { command: 'head -c 1500000 /dev/zero > "$OUTPUT/a"' } }
  b: { uses: exec, with: { command: 'cp "$INPUT_A/a" "$OUTPUT/b"', inputs: { a: "\${{ stages.a.outputs.output }}" } } }`

// 4 MB hold the store's two artefacts, and not what fills them besides.
test.for<readonly [string, number]>([
  ["store", 4000],
  ["store", 3000],
  ["store", 1000],
  ["results", 2500],
  ["results", 4090],
])(
  "a full disk for the %s, with %i kB taken, is one clear error, and with room again the run completes",
  async ([option, taken], context) => {
    const work = place()
    const disk = mount(work.folder, "size=4m")?.folder ?? context.skip(NO_DISK)
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

test("a read-only disk for store and results is one clear error", async (context) => {
  const work = place()
  const disk = mount(work.folder, "size=1m,ro")?.folder ?? context.skip(NO_DISK)
  work.write(STAGES, { b: "b.output" })
  for (const option of ["store", "results"]) {
    const said = await work.fail([`--${option}`, join(disk, option)])
    expect(said).toContain("read-only")
    expect(said.match(/^error: /gm)).toHaveLength(1)
  }
})

test("a store that has become read-only still gives what it has, and computes nothing else", async (context) => {
  const work = place()
  const disk = mount(work.folder, "size=16m") ?? context.skip(NO_DISK)
  const args = ["--store", join(disk.folder, "store")]
  work.write(STAGES, { b: "b.output" })
  await work.succeed(args)
  disk.remount("ro")
  rmSync(work.results, { recursive: true })
  const said = await work.succeed(args)
  expect(said.match(/ cached$/gm)).toHaveLength(2)
  expect(said.match(/^warning: .*read-only.*: this run leaves no history$/gm)).toHaveLength(1)
  expect(work.result("b/b")).toHaveLength(1_500_000)
  work.write(`${STAGES}\n  c: { uses: exec, with: { command: 'echo ran > "${work.folder}/ran"' } }`, {
    b: "b.output",
  })
  const failed = await work.fail(args)
  expect(failed).toMatch(/^✗ c +failed: cannot .*: the file system is read-only$/m)
  expect(failed.match(/ cached$/gm)).toHaveLength(2)
  expect(() => work.textOf("ran")).toThrow("ENOENT")
  disk.remount("rw")
  await work.succeed(args)
  expect(work.textOf("ran")).toBe("ran\n")
})

test("a journal for which there is no room for a while has all events in the end", async (context) => {
  const work = place()
  const disk = mount(work.folder, "size=256k") ?? context.skip(NO_DISK)
  const events = Array.from(
    { length: 90 },
    (_, at): RunEvent => ({ _tag: "TaskBlocked", time: at, task: `täsk ${at}`, by: ["x".repeat(300)] }),
  )
  const runs = join(disk.folder, "runs")
  const filler = join(disk.folder, "filler")
  const write = Effect.gen(function* () {
    const journal = yield* openJournal(runs, "one")
    for (const [at, event] of events.entries()) {
      // Room for two of the pages that the next thirty events take, and then for all.
      if (at === 30) {
        const { bavail, bsize } = statfsSync(disk.folder)
        writeFileSync(filler, Buffer.alloc((bavail - 2) * bsize))
      }
      if (at === 60) rmSync(filler)
      journal.add(event)
    }
  })
  await Effect.runPromise(Effect.scoped(write))
  expect(await Effect.runPromise(readJournal(runs, "one"))).toEqual(events)
})
