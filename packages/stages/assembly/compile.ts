// `npm run kernel`: compiles resample.ts and writes its bytes where the resizer imports them. `--print` only prints them.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const compiler = join(import.meta.dirname, "../../../node_modules/assemblyscript/bin/asc.js")
const source = join(import.meta.dirname, "resample.ts")
const target = join(import.meta.dirname, "../src/datasets/image2dataset/images/resample-kernel.ts")

/** What AssemblyScript's compiler makes of the kernel, in base64. */
const compileKernel = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "diva-kernel-"))
  try {
    const file = join(folder, "resample.wasm")
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--outFile", file]
    execFileSync(process.execPath, [compiler, source, ...options])
    return readFileSync(file, "base64")
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const bytes = compileKernel()
if (process.argv[2] === "--print") process.stdout.write(bytes)
else {
  const lines = bytes.match(/.{1,100}/g) ?? []
  writeFileSync(
    target,
    `/** WebAssembly of packages/stages/assembly/resample.ts; \`npm run kernel\` compiles it. */\nexport const RESAMPLE_KERNEL =\n${lines.map((line) => `  "${line}"`).join(" +\n")}\n`,
  )
}
