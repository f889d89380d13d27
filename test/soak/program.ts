import { join } from "node:path"
import { build } from "esbuild"

const fixtures = join(import.meta.dirname, "../faults/fixtures")

/** Bundles the program that is killed, as the command itself is bundled, and gives its main file: it starts quicker. */
export const buildProgram = async (folder: string): Promise<string> => {
  await build({
    entryPoints: { "run-soak": join(fixtures, "run-soak.ts"), host: join(fixtures, "host.ts") },
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node22",
    conditions: ["source"],
    external: ["@tensorflow/*", "sharp", "mnist"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  })
  return join(folder, "run-soak.mjs")
}
