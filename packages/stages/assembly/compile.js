// `npm run kernel`: compiles resample.ts and writes its bytes where the resizer imports them.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
/** What AssemblyScript's compiler makes of the kernel. */
export const compileKernel = () => {
  const folder = mkdtempSync(join(tmpdir(), "diva-kernel-"))
  try {
    const source = join(import.meta.dirname, "resample.ts")
    const file = join(folder, "resample.wasm")
    const compiler = join(import.meta.dirname, "../../../node_modules/assemblyscript/bin/asc.js")
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--outFile", file]
    execFileSync(process.execPath, [compiler, source, ...options])
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
if (process.argv[1] === import.meta.filename) {
  const lines =
    Buffer.from(compileKernel())
      .toString("base64")
      .match(/.{1,100}/g) ?? []
  const target = join(import.meta.dirname, "../src/datasets/image2dataset/images/resample-kernel.ts")
  writeFileSync(
    target,
    `/** WebAssembly of packages/stages/assembly/resample.ts; \`npm run kernel\` compiles it. */\nexport const RESAMPLE_KERNEL =\n${lines.map((line) => `  "${line}"`).join(" +\n")}\n`,
  )
}
//# sourceMappingURL=compile.js.map
