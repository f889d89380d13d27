import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { nativeBackendFolder } from "@diva-pipeline/stages"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { installNativeBackend } from "./install.ts"

const base = mkdtempSync(join(tmpdir(), "backend-"))
const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
afterAll(() => {
  Object.assign(process.env, before)
  rmSync(base, { recursive: true })
})

/** A machine on which only these commands are found; each is a script for sh. */
const machineWith = (commands: Readonly<Record<string, string>>): void => {
  const folder = mkdtempSync(join(base, "bin-"))
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  process.env.PATH = folder
}

const failure = Effect.suspend(() => installNativeBackend(() => Effect.void)).pipe(
  Effect.flip,
  Effect.provide(NodeServices.layer),
)

const works = "exit 0"
/** Answers, but has no way to the registry. */
const pipWithoutNetwork = `case "$*" in *download*) echo "WARNING: Retrying" >&2; echo "ERROR: No matching distribution found" >&2; exit 1;; esac`
/** Gives something that is no wheel. */
const pipOfNonsense = `case "$*" in
  *download*) while [ "$1" != --dest ]; do shift; done; echo nonsense > "$2/tensorflow.whl";;
  *-c*) echo "zipfile.BadZipFile: File is not a zip file" >&2; exit 1;;
esac`

describe("installing the native backend", () => {
  let cache = ""
  beforeEach(() => {
    cache = mkdtempSync(join(base, "cache-"))
    process.env.XDG_CACHE_HOME = cache
  })

  it.live("says what is missing", () =>
    Effect.gen(function* () {
      machineWith({ "g++": works })
      assert.include((yield* failure).message, "pip was not found")
      machineWith({ python3: works })
      assert.include((yield* failure).message, "a C++ compiler was not found")
      assert.isFalse(existsSync(join(cache, "diva-pipeline")))
    }),
  )

  it.live("says why there is no download, and leaves nothing behind", () =>
    Effect.gen(function* () {
      machineWith({ python3: pipWithoutNetwork, "g++": works })
      const { message } = yield* failure
      assert.strictEqual(message, "downloading TensorFlow failed: ERROR: No matching distribution found")
      assert.deepStrictEqual(readdirSync(join(cache, "diva-pipeline", "native")), [])
    }),
  )

  it.live("does not replace what is there by what is broken", () =>
    Effect.gen(function* () {
      machineWith({ python3: pipOfNonsense, "g++": works })
      const installed = nativeBackendFolder()
      mkdirSync(installed, { recursive: true })
      writeFileSync(join(installed, "library"), "")
      assert.include((yield* failure).message, "unpacking TensorFlow failed: zipfile.BadZipFile")
      assert.deepStrictEqual(readdirSync(installed), ["library"])
      assert.deepStrictEqual(readdirSync(dirname(installed)), [basename(installed)])
    }),
  )
})
