import { dirname, relative, resolve } from "node:path"
import { Effect } from "effect"
import { didYouMean } from "../document/index.ts"
import { type AnyStage, type LoadStage, type StageModule, StageUnusable } from "../stage/index.ts"
import { digestOf } from "../store/index.ts"
import { bundleModule } from "./bundle.ts"
import { checkDefinition, type Definition, stageOf } from "./definition.ts"
import { describeModule } from "./describe.ts"
import {
  fileDigest,
  type ModuleRecord,
  modulesFolder,
  readModule,
  writeBundle,
  writeModule,
} from "./records.ts"
import { packageAndStage, packageOf } from "./user-package.ts"

/** How stages of the user's are found. */
export interface StageLoaderOptions {
  /** The Node that imports them to see what they are: this one when absent. */
  readonly node?: string
  /** Absolute: where their code is kept for hosts; in the user's cache folder when absent. */
  readonly folder?: string
  /** What `exports` of packages are read with, beside `node` and `import`: what this process was started with. */
  readonly conditions?: ReadonlyArray<string>
}

interface Module {
  /** An absolute path, or a package's name. */
  readonly entry: string
  readonly folder: string
  readonly kind: "file" | "package"
}

const conditionsOf = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg) => /^--conditions=(.+)$/.exec(arg)?.[1] ?? [])

/** What a module's digest is made from: its files as they lie to each other, and for a package its name and version. */
const identify = ({ entry, kind }: Module, inputs: ReadonlyArray<string>) => {
  const owner =
    kind === "package" ? packageOf(inputs.find((file) => !file.endsWith(".json")) ?? "/") : undefined
  const root = owner?.folder ?? dirname(entry)
  const files = inputs.map((file) => [relative(root, file), fileDigest(file)])
  return {
    digest: digestOf({ files, ...(owner && { name: owner.name, version: owner.version }) }),
    source: owner === undefined ? relative(process.cwd(), entry) : `${owner.name} ${owner.version}`,
    inputs: owner === undefined ? inputs : [...inputs, owner.file],
  }
}

const withBundle = Effect.fnUntraced(function* (module: Module, options: StageLoaderOptions) {
  const target = options.folder ?? modulesFolder()
  const conditions = options.conditions ?? conditionsOf(process.execArgv)
  const bundle = yield* bundleModule({ entry: module.entry, folder: module.folder, target, conditions })
  const file = yield* writeBundle(target, bundle.code)
  const { inputs, ...identity } = identify(module, bundle.inputs)
  return { file, packages: bundle.packages, inputs, ...identity }
})

const describe = Effect.fnUntraced(function* (
  module: Module,
  options: StageLoaderOptions,
): Effect.fn.Return<ModuleRecord, StageUnusable> {
  const folder = options.folder ?? modulesFolder()
  const identity = [module.kind, module.entry, module.kind === "package" ? module.folder : ""]
  const known = readModule(folder, identity)
  if (known !== undefined) return known
  const bundled = yield* withBundle(module, options)
  const described = yield* describeModule(options.node ?? process.execPath, bundled.file, bundled.inputs)
  const definitions = yield* Effect.forEach(described, checkDefinition)
  const inputs = bundled.inputs.map((file): [string, string] => [file, fileDigest(file)])
  const record: ModuleRecord = { ...bundled, inputs, definitions }
  yield* writeModule(folder, identity, record)
  return record
})

const moduleOf = ({ file, digest, source }: StageModule): StageModule => ({ file, digest, source })

const onlyStage = (record: ModuleRecord): Effect.Effect<AnyStage, StageUnusable> => {
  const [first, ...others] = record.definitions
  if (first !== undefined && others.length === 0) return Effect.succeed(stageOf(first, moduleOf(record)))
  return Effect.fail(
    new StageUnusable({
      message: `its default export must be one stage, not ${record.definitions.length}`,
      hint: "give each stage a file of its own, or make a package of them",
    }),
  )
}

/** The last part of a stage's name: what a document calls it within its package. */
const shortName = ({ name }: Definition): string => name.split("/").at(-1) ?? name

const stageNamed = (record: ModuleRecord, stage: string): Effect.Effect<AnyStage, StageUnusable> => {
  const [found, second] = record.definitions.filter((definition) => shortName(definition) === stage)
  if (found !== undefined && second === undefined) return Effect.succeed(stageOf(found, moduleOf(record)))
  const names = record.definitions.map(shortName)
  const hint = didYouMean(stage, names) ?? `it has ${names.join(", ") || "none"}`
  const count = found === undefined ? "no stage" : "several stages"
  return Effect.fail(new StageUnusable({ message: `${record.source} has ${count} \`${stage}\``, hint }))
}

/**
 * Finds stages of the user's, for {@link loadPipeline}. What is known of a file is kept, and looked up again by the content
 * of all its files: a second start neither bundles nor imports anything.
 */
export const makeStageLoader =
  (options: StageLoaderOptions = {}): LoadStage =>
  (uses, folder) => {
    if (!uses.startsWith("package:")) {
      const file: Module = {
        entry: resolve(folder, uses),
        folder: dirname(resolve(folder, uses)),
        kind: "file",
      }
      return Effect.flatMap(describe(file, options), onlyStage)
    }
    const named = packageAndStage(uses)
    if (named === undefined) {
      const hint = "write package:NAME/STAGE, such as package:diva-pipeline-blur/gaussian"
      return Effect.fail(new StageUnusable({ message: "it names no package and stage", hint }))
    }
    return Effect.flatMap(describe({ entry: named.name, folder, kind: "package" }, options), (record) =>
      stageNamed(record, named.stage),
    )
  }

/** The code of a module, for a program that has imported the stage itself. */
export const loadModule = (
  file: string,
  options: StageLoaderOptions,
): Effect.Effect<StageModule, StageUnusable> => {
  const bundled = withBundle({ entry: file, folder: dirname(file), kind: "file" }, options)
  return Effect.map(bundled, moduleOf)
}
