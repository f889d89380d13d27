import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, describe, expect, test } from "vitest"
import { type Disk, nodeDisk } from "../store/index.ts"
import { makeFolder, removeFolder } from "./fixtures/engine.ts"
import { verifiedRun } from "./fixtures/verified-run.ts"

const base = makeFolder()
afterAll(() => removeFolder(base))

/** What needs room on a disk; removing things must go on. */
type Operation = "makeFolder" | "write" | "rename" | "copy" | "chmod" | "setTime" | "flush"

const full = (): never => {
  throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })
}

/** A disk that has no room for an operation after the given number of them. */
const fullAfter = (operation: Operation, calls: number, onCall: () => void): Disk => {
  let left = calls
  const guarded =
    <A extends ReadonlyArray<unknown>, B>(work: (...args: A) => B) =>
    (...args: A): B => {
      onCall()
      left -= 1
      return left < 0 ? full() : work(...args)
    }
  switch (operation) {
    case "makeFolder":
      return { ...nodeDisk, makeFolder: guarded(nodeDisk.makeFolder) }
    case "write":
      return { ...nodeDisk, write: guarded(nodeDisk.write) }
    case "rename":
      return { ...nodeDisk, rename: guarded(nodeDisk.rename) }
    case "copy":
      return { ...nodeDisk, copy: guarded(nodeDisk.copy) }
    case "chmod":
      return { ...nodeDisk, chmod: guarded(nodeDisk.chmod) }
    case "setTime":
      return { ...nodeDisk, setTime: guarded(nodeDisk.setTime) }
    case "flush":
      return { ...nodeDisk, flush: guarded(nodeDisk.flush) }
  }
}

const run = (folder: string, disk: Disk) =>
  Effect.runPromise(
    Effect.match(verifiedRun(folder, disk), {
      onSuccess: (summary) => summary,
      onFailure: (error) => error,
    }),
  )

const inFolder = async (name: string, use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = join(base, name)
  mkdirSync(folder)
  await use(folder)
  rmSync(folder, { recursive: true })
}

/** The run is right, or says in words that the disk is full. */
const expectClear = (result: Awaited<ReturnType<typeof run>>): void => {
  if ("_tag" in result) expect(result.message).toContain("no space left on the disk")
  else {
    for (const { status, failure } of result.tasks) {
      if (failure === undefined) expect(status).toBe("succeeded")
      else expect(failure.message).toContain("no space left on the disk")
      if (failure !== undefined) expect(failure.hint).toContain("free some space")
    }
  }
}

const OPERATIONS: ReadonlyArray<Operation> = [
  ...(["makeFolder", "write", "rename"] as const),
  ...(["copy", "chmod", "setTime", "flush"] as const),
]

describe("a disk that is full", () => {
  test.each(OPERATIONS)("for %s, at any time, is told so, and the next run completes", async (operation) => {
    let calls = 0
    await inFolder(`${operation}-whole`, async (folder) => {
      expectClear(
        await run(
          folder,
          fullAfter(operation, Number.POSITIVE_INFINITY, () => calls++),
        ),
      )
    })
    expect(calls).toBeGreaterThan(0)
    const moments = new Set([0, 1, Math.floor(calls / 2), calls - 2, calls - 1])
    for (const at of [...moments].filter((one) => one >= 0)) {
      await inFolder(`${operation}-${at}`, async (folder) => {
        const result = await run(
          folder,
          fullAfter(operation, at, () => undefined),
        )
        expectClear(result)
        // What must be there for a result to be found cannot have been left out.
        if (at === 0 && operation !== "copy")
          expect("status" in result ? result.status : "failed").toBe("failed")
        const again = await run(folder, nodeDisk)
        expect("status" in again ? again.status : again.message).toBe("succeeded")
        expect(readdirSync(join(folder, "store", "work"))).toEqual([])
        expect(readdirSync(join(folder, "results"))).toEqual(["a"])
        expect(readFileSync(join(folder, "results", "a", "1.txt"), "utf8")).toBe("1 1\n".repeat(50))
      })
    }
  })
})
