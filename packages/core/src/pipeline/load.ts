import { Effect, FileSystem, Path } from "effect"
import { Diagnostics } from "../document/index.ts"
import type { LoadStage, StageRegistry } from "../stage/index.ts"
import { compilePipeline } from "./compile.ts"
import { readParamFile, readPipelineFiles } from "./files.ts"
import type { NamedPath } from "./inputs.ts"
import { InvalidPipeline } from "./invalid-pipeline.ts"
import { loadModuleStages } from "./module-stages.ts"
import type { GivenParam } from "./params.ts"
import type { Pipeline } from "./pipeline.ts"

/** What a pipeline is loaded with. */
export interface LoadOptions {
  readonly registry: StageRegistry
  /** Finds stages that documents name by a file or a package; without it there are none. */
  readonly loadStage?: LoadStage
  /** Values of params; they win over those of files, and later ones over earlier ones. */
  readonly params?: ReadonlyArray<GivenParam>
  /** YAML or JSON files of params' values; later ones win over earlier ones. */
  readonly paramFiles?: ReadonlyArray<string>
  /** Absolute; what `file`, the parameter files and paths on the command line are relative to. */
  readonly workingFolder: string
}

/**
 * Loads a pipeline: reads the document and its imports, fills in params, spreads out matrices and checks everything.
 * Fails with all mistakes at once.
 *
 * @example
 * const pipeline = yield* loadPipeline("pipelines/quickstart.yaml", { registry, workingFolder: process.cwd() })
 */
export const loadPipeline = Effect.fn("loadPipeline")(function* (
  file: string,
  { registry, loadStage, params = [], paramFiles = [], workingFolder }: LoadOptions,
): Effect.fn.Return<Pipeline, InvalidPipeline, FileSystem.FileSystem | Path.Path> {
  const path = yield* Path.Path
  const diagnostics = new Diagnostics()
  const files = yield* readPipelineFiles(file, workingFolder, diagnostics)
  const values = yield* Effect.forEach(paramFiles, (one) => readParamFile(one, workingFolder, diagnostics))
  if (files === undefined) {
    return yield* new InvalidPipeline({ diagnostics: diagnostics.sorted() })
  }
  const documents = [...files.imported, files.main]
  const modules = yield* loadModuleStages(documents, loadStage, workingFolder, diagnostics)
  const resolvePath = (folder: string, one: string) => path.resolve(folder, one)
  const read = values.filter((value) => value !== undefined)
  const isComplete = read.length === values.length
  const sources = { files: read, isComplete, given: params, workingFolder }
  const { pipeline, paths } = compilePipeline(
    files.main,
    files.imported,
    { registry, modules, params: sources, resolvePath },
    diagnostics,
  )
  yield* Effect.forEach(paths, (named) => checkPath(named, diagnostics), { discard: true })
  if (!diagnostics.isEmpty) return yield* new InvalidPipeline({ diagnostics: diagnostics.sorted() })
  return pipeline
})

/** Reports a file or folder that an input names and that isn't there. */
export const checkPath = Effect.fnUntraced(function* (
  { path, text, span, origin }: NamedPath,
  diagnostics: Diagnostics,
) {
  const fs = yield* FileSystem.FileSystem
  const exists = yield* fs.exists(path).pipe(Effect.orElseSucceed(() => false))
  if (exists) return
  diagnostics.report(span, `there is no file or folder \`${text}\``, {
    hint: text === path ? undefined : `a path is relative to the file that says it: ${path}`,
    related: origin === undefined ? undefined : { span: origin, message: "the path comes from here" },
  })
})
