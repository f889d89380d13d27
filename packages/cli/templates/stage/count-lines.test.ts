import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { testStage } from "@diva-pipeline/core/testing"
import { Effect } from "effect"
import stage from "./count-lines.ts"

const folder = mkdtempSync(join(tmpdir(), "count-lines-"))
after(() => rmSync(folder, { recursive: true }))

test("fails where there is nothing to count", () =>
  Effect.gen(function* () {
    const failure = yield* Effect.flip(testStage(stage, { files: folder }))
    assert.equal(failure.message, "there are no files in the folder")
  }).pipe(Effect.scoped, Effect.runPromise))

test("counts the lines of each file", () =>
  Effect.gen(function* () {
    writeFileSync(join(folder, "a.txt"), "one\ntwo\nthirteen\n")
    writeFileSync(join(folder, "b.txt"), "one")
    const { outputs, progress } = yield* testStage(stage, { files: folder, longest: 5 })
    assert.deepEqual(JSON.parse(readFileSync(outputs.counts, "utf8")), {
      "a.txt": { lines: 3, tooLong: 1 },
      "b.txt": { lines: 1, tooLong: 0 },
    })
    assert.equal(progress.at(-1)?.done, 2)
  }).pipe(Effect.scoped, Effect.runPromise))
