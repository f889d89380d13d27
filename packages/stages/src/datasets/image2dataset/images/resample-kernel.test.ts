import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { RESAMPLE_KERNEL } from "./resample-kernel.ts"

const compiler = join(import.meta.dirname, "../../../../assembly/compile.ts")

it("the kernel is what its source compiles to; `npm run kernel` renews it", () => {
  assert.strictEqual(
    RESAMPLE_KERNEL,
    execFileSync(process.execPath, [compiler, "--print"], { encoding: "utf8" }),
  )
})
