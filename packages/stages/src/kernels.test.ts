import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { OPENCV_KERNEL } from "./datasets/image2dataset/images/opencv-kernel.ts"
import { PILLOW_KERNEL } from "./images/kernel/pillow-kernel.ts"

const compiler = join(import.meta.dirname, "../assembly/compile.ts")

it.each([
  ["opencv", OPENCV_KERNEL],
  ["pillow", PILLOW_KERNEL],
])("the kernel %s is what its source compiles to; `npm run kernel` renews it", (name, kernel) => {
  assert.strictEqual(
    kernel,
    execFileSync(process.execPath, [compiler, "--print", name], { encoding: "utf8" }),
  )
})
