import { readFile } from "node:fs/promises"
import { isBuiltin } from "node:module"
import { dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Effect } from "effect"
import type { BuildOptions, Loader, Message, OnResolveResult, Plugin, PluginBuild } from "esbuild"
import { StageUnusable } from "../stage/index.ts"

/** A module of the user's in one file: what it imports relatively is part of it, packages stay where they are. */
export interface Bundle {
  readonly code: string
  /** Absolute paths of all files that it was made from. */
  readonly inputs: ReadonlyArray<string>
  /** Absolute paths of the packages' files that it imports. */
  readonly packages: ReadonlyArray<string>
}

/** What a bundle is made of. */
export interface BundleSource {
  /** The file, or the name of a package. */
  readonly entry: string
  /** Absolute: where the entry is looked for. */
  readonly folder: string
  /** Absolute: the folder for which the bundle is written. */
  readonly target: string
  /** What `exports` of packages are read with, beside `node` and `import`. */
  readonly conditions: ReadonlyArray<string>
}

/** What a stage can't do without: taken from the program where the user has none of them installed. */
const PROVIDED = /^(@diva-pipeline\/core|effect|typebox)(\/|$)/
const OURS = dirname(fileURLToPath(import.meta.url))

const ENTRY = "stage-module"
const SKIP = { isOurQuestion: true }

/** Leaves packages where they are, and names them by their files, for the bundle is written elsewhere. */
const resolvePackages = (build: PluginBuild, source: BundleSource, packages: Set<string>): void => {
  build.onResolve({ filter: /^[^./]/ }, async (args): Promise<OnResolveResult | undefined> => {
    if (args.pluginData === SKIP || args.kind === "entry-point" || args.path.startsWith("file:")) return
    if (isBuiltin(args.path)) return { path: args.path, external: true }
    const { kind, importer, resolveDir } = args
    const found = await build.resolve(args.path, { kind, importer, resolveDir, pluginData: SKIP })
    const isEntry = args.namespace === ENTRY && args.path === source.entry
    const isProvided = found.errors.length > 0 && PROVIDED.test(args.path)
    const { path, errors } = isProvided
      ? await build.resolve(args.path, { kind, resolveDir: OURS, pluginData: SKIP })
      : found
    if (errors.length > 0) return { errors: [{ text: `there is no package \`${args.path}\`` }] }
    if (isEntry) return { path }
    packages.add(path)
    return { path: pathToFileURL(path).href, external: true }
  })
}

const LOADERS: Readonly<Record<string, Loader>> = {
  ts: "ts",
  mts: "ts",
  cts: "ts",
  js: "js",
  mjs: "js",
  cjs: "js",
}

/** A module that asks where it is must hear of its own file, not of the bundle. */
const keepLocations = (build: PluginBuild): void => {
  build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
    const text = await readFile(path, "utf8")
    if (!/\bimport\.meta\b/.test(text)) return undefined
    const place = { __url: pathToFileURL(path).href, __filename: path, __dirname: dirname(path) }
    const names = Object.entries(place).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    return {
      contents: `const ${names.join(",")};${text}`,
      loader: LOADERS[path.split(".").at(-1) ?? ""] ?? "js",
    }
  })
}

const optionsFor = (source: BundleSource, packages: Set<string>): BuildOptions => {
  const plugin: Plugin = {
    name: "stage",
    setup: (build) => {
      const entry = `export { default } from ${JSON.stringify(source.entry)}`
      build.onResolve({ filter: /^stage-module$/ }, ({ path }) => ({ path, namespace: ENTRY }))
      build.onLoad({ filter: /.*/, namespace: ENTRY }, () => ({ contents: entry, resolveDir: source.folder }))
      resolvePackages(build, source, packages)
      keepLocations(build)
    },
  }
  return {
    entryPoints: [ENTRY],
    absWorkingDir: source.folder,
    outdir: source.target,
    write: false,
    bundle: true,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: [...source.conditions],
    define: {
      "import.meta.url": "__url",
      "import.meta.filename": "__filename",
      "import.meta.dirname": "__dirname",
    },
    sourcemap: "inline",
    sourcesContent: false,
    // What a project compiles its own code with is no part of the cache key.
    tsconfigRaw: "{}",
    plugins: [plugin],
    logLevel: "silent",
  }
}

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && "text" in value && "location" in value

const unusable = (error: unknown, { folder, entry }: BundleSource): StageUnusable => {
  const errors = typeof error === "object" && error !== null && "errors" in error ? error.errors : []
  const [first] = Array.isArray(errors) ? errors.filter(isMessage) : []
  if (first === undefined) {
    const message = error instanceof Error ? error.message : String(error)
    return new StageUnusable({ message: `it can't be read: ${message}` })
  }
  if (first.location === null || first.location.file === `${ENTRY}:${ENTRY}`) {
    return new StageUnusable({ message: missing(entry, first.text), hint: missingHint(entry, folder) })
  }
  const { file, line, column, lineText } = first.location
  const characters = [...Buffer.from(lineText).subarray(0, column).toString()].length
  return new StageUnusable({
    message: first.text.charAt(0).toLowerCase() + first.text.slice(1),
    at: { file: resolveFrom(folder, file), line, column: characters + 1 },
  })
}

const missing = (entry: string, text: string): string =>
  /resolve|no package/.test(text)
    ? entry.startsWith("/")
      ? "there is no such file"
      : `there is no package \`${entry}\``
    : text.startsWith("No matching export")
      ? "it has no default export"
      : text

const missingHint = (entry: string, folder: string): string =>
  entry.startsWith("/")
    ? "a stage's file is relative to the file that says it; its default export is what `defineStage` gives"
    : `install it so that Node finds it from ${folder}; its default export is a list of stages`

const resolveFrom = (folder: string, file: string): string =>
  file.startsWith("/") ? file : fileURLToPath(new URL(file, pathToFileURL(`${folder}/`)))

/** Makes one file of a module of the user's. */
export const bundleModule = (source: BundleSource): Effect.Effect<Bundle, StageUnusable> =>
  Effect.tryPromise({
    try: async () => {
      const { build } = await import("esbuild")
      const packages = new Set<string>()
      const { outputFiles, metafile } = await build(optionsFor(source, packages))
      const inputs = Object.keys(metafile?.inputs ?? {})
        .filter((input) => !input.startsWith(`${ENTRY}:`))
        .map((input) => resolveFrom(source.folder, input))
      const code = outputFiles?.find((file) => file.path.endsWith(".js"))?.text ?? ""
      return { code, inputs: inputs.sort(), packages: [...packages].sort() }
    },
    catch: (error) => unusable(error, source),
  })
