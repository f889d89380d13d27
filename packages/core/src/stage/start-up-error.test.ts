import { spawnSync } from "node:child_process"
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { afterAll, assert, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { node } from "../run/fixtures/engine.ts"
import type { StageCall } from "./call.ts"
import { HostPool } from "./host-pool.ts"
import { startUpErrorIn } from "./start-up-error.ts"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "diva-start-")))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, "package.json"), '{ "type": "module" }')

const here = (file: string): string => relative(process.cwd(), join(folder, file))

/** What Node says of a program, and what we make of it. */
const errorOf = (text: string) => {
  const file = join(folder, "program.ts")
  writeFileSync(file, text)
  const { stderr } = spawnSync(node, [file], { encoding: "utf8" })
  return startUpErrorIn(stderr.split("\n"))
}

describe("a program that can't start", () => {
  it.each([
    ["has a syntax error", "const a = 1\nconst = 3\n", /^SyntaxError: Unexpected token `=`/, "2:7"],
    ["has what Node can't strip", "enum A { b }\n", /TypeScript enum is not supported/, "1:1"],
    ["imports a missing package", 'import a from "nope"\na()\n', /^there is no package `nope`$/, "1:15"],
    ["imports a part of one", "\nimport a from 'nope/b.js'\na()\n", /^there is no package `nope`$/, "2:15"],
    ["imports a missing file", 'await import("./gone.ts")\n', /^there is no file `.*gone\.ts`$/, "1:14"],
    ["imports a missing name", 'import { foo } from "node:fs"\nfoo()\n', /no.* export named 'foo'/, "1:10"],
    ["throws", 'const a: number = 1\nif (a) throw new Error("boom")\n', /^boom$/, "2:14"],
    ["throws deep inside", "const f = (x: null) => x.y;\n[null].map(f)\n", /^TypeError: Cannot read/, "1:26"],
  ])("because it %s is told with its place", (_, text, message, place) => {
    const error = errorOf(text)
    expect(error?.message).toMatch(message)
    expect(error?.file).toBe(`${here("program.ts")}:${place}`)
  })

  it("is not made up", () => {
    expect(startUpErrorIn(["all is well", "Error handling: on"])).toBeUndefined()
  })
})

const call: StageCall = {
  stage: "test/none",
  version: 1,
  input: {},
  outputs: {},
  scratch: folder,
  checkpoint: folder,
  environment: {},
  gpus: [],
  attempt: 1,
}
const sink = { progress: () => undefined, log: () => undefined, output: () => undefined }

it.live("a host that can't start fails for good, with the place and without a stack", () => {
  const host = join(folder, "host.ts")
  writeFileSync(host, 'import { serveHost } from "no-such-engine"\nserveHost()\n')
  const pool = HostPool.layer({ command: node, args: [host], slots: 1 })
  return Effect.gen(function* () {
    const failure = yield* Effect.flip((yield* HostPool).run(call, sink))
    assert.strictEqual(failure.reason, "permanent")
    assert.strictEqual(
      failure.message,
      "the host process of test/none cannot start: there is no package `no-such-engine`",
    )
    assert.strictEqual(failure.file, `${here("host.ts")}:1:27`)
  }).pipe(Effect.provide(pool))
})
