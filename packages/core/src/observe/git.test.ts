import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { isDirty, readCheckout } from "./git.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const git = (...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=n", "-c", "user.email=e@x", ...args], {
    cwd: folder,
    encoding: "utf8",
  }).trim()

describe("git", () => {
  it.live("is read from its own files, as git would say it", () =>
    Effect.gen(function* () {
      assert.isUndefined(readCheckout(folder))
      assert.isUndefined(yield* isDirty(folder))
      git("init", "-q", "-b", "main")
      assert.isUndefined(readCheckout(folder))
      writeFileSync(join(folder, "a"), "1")
      git("add", ".")
      git("commit", "-qm", "a")
      const commit = git("rev-parse", "HEAD")
      const below = join(folder, "b", "c")
      mkdirSync(below, { recursive: true })
      assert.deepStrictEqual(readCheckout(below), { commit, branch: "main" })
      git("pack-refs", "--all")
      assert.deepStrictEqual(readCheckout(folder), { commit, branch: "main" })
      git("worktree", "add", "-q", "-b", "other/branch", "linked")
      assert.deepStrictEqual(readCheckout(join(folder, "linked")), { commit, branch: "other/branch" })
      git("checkout", "-q", "--detach")
      assert.deepStrictEqual(readCheckout(folder), { commit })

      writeFileSync(join(folder, "untracked"), "")
      assert.isFalse(yield* isDirty(folder))
      writeFileSync(join(folder, "a"), "2")
      assert.isTrue(yield* isDirty(folder))
    }),
  )
})
