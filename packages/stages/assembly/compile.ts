// `npm run kernel`: compiles the kernels here and writes their bytes where they are imported. `--print NAME` only prints
// those of one.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** By the name of the source, the folder that uses it. */
const KERNELS = {
  opencv: "datasets/image2dataset/images",
  pillow: "images/kernel",
} as const

const compiler = join(import.meta.dirname, "../../../node_modules/assemblyscript/bin/asc.js")

/** What AssemblyScript's compiler makes of a kernel, in base64. */
const compile = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "diva-kernel-"))
  try {
    const file = join(folder, "kernel.wasm")
    const source = join(import.meta.dirname, `${name}.ts`)
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--outFile", file]
    execFileSync(process.execPath, [compiler, source, ...options])
    return readFileSync(file, "base64")
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const write = (name: string, folder: string): void => {
  const lines = compile(name).match(/.{1,100}/g) ?? []
  writeFileSync(
    join(import.meta.dirname, "../src", folder, `${name}-kernel.ts`),
    `/** WebAssembly of packages/stages/assembly/${name}.ts; \`npm run kernel\` compiles it. */\nexport const ${name.toUpperCase()}_KERNEL =\n${lines.map((line) => `  "${line}"`).join(" +\n")}\n`,
  )
}

const [mode, only = ""] = process.argv.slice(2)
if (mode === "--print") process.stdout.write(compile(only))
else for (const [name, folder] of Object.entries(KERNELS)) write(name, folder)
