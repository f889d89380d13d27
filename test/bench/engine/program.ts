import { cpSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

const root = resolve(import.meta.dirname, "../../..")
const REGISTRY = join(root, "packages", "stages", "src", "stages", "index.ts")
const STAGES = join(import.meta.dirname, "stages.ts")
const LAST = "  exec,\n]"

/** The one thing that the benchmark's command has and the real one has not: its stages in the registry. */
const withBenchStages = {
  name: "bench-stages",
  setup: (build: {
    onLoad: (
      options: { filter: RegExp },
      load: (file: { path: string }) => { contents: string; loader: "ts" } | undefined,
    ) => void
  }) => {
    build.onLoad({ filter: /stages[\\/]index\.ts$/ }, ({ path }) => {
      if (path !== REGISTRY) return undefined
      const text = readFileSync(path, "utf8")
      if (!text.includes(LAST)) throw new Error(`${path} no longer ends its list with \`exec\``)
      const contents = `import { benchStages } from ${JSON.stringify(STAGES)}\n${text.replace(LAST, "  exec,\n  ...benchStages,\n]")}`
      return { contents, loader: "ts" }
    })
  },
}

/**
 * Bundles the command as it is built for users, with the benchmark's stages in addition.
 *
 * @returns how it is started: as the installed command is, with compiled code kept between starts
 */
export const buildProgram = async (folder: string): Promise<ReadonlyArray<string>> => {
  const { bundle } = await import(pathToFileURL(join(root, "packages", "cli", "build.mjs")).href)
  await bundle(join(folder, "dist"), [withBenchStages])
  const start = join(folder, "bin", "start.mjs")
  cpSync(join(root, "packages", "cli", "bin"), join(folder, "bin"), { recursive: true })
  return [process.execPath, "--min-semi-space-size=16", start]
}
