import { existsSync } from "node:fs"
import { Effect, type FileSystem, Path } from "effect"
import { Diagnostics, Source } from "../document/index.ts"
import type { LoadStage, StageRegistry } from "../stage/index.ts"
import { readCaseFile } from "./case-files.ts"
import type { CaseFile } from "./compilation.ts"
import { compilePipeline } from "./compile.ts"
import type { WholeDocument } from "./documents.ts"
import type { Environment } from "./environment.ts"
import { readParamFile, readPipelineFiles } from "./files.ts"
import type { NamedPath } from "./inputs.ts"
import { InvalidPipeline } from "./invalid-pipeline.ts"
import { loadModuleStages } from "./module-stages.ts"
import type { GivenParam } from "./params.ts"
import type { Json, Pipeline } from "./pipeline.ts"
import { locate, type Value } from "./value.ts"

/** What a pipeline is loaded with. */
export interface LoadOptions {
  readonly registry: StageRegistry
  /** Finds stages that documents name by a file or a package; without it there are none. */
  readonly loadStage?: LoadStage
  /** Values of params, or texts as they stand on a command line; they win over those of files. */
  readonly params?: { readonly [name: string]: Json } | ReadonlyArray<GivenParam>
  /** YAML or JSON files of params' values; later ones win over earlier ones. */
  readonly paramFiles?: ReadonlyArray<string>
  /** Names of the document's profiles to apply, later ones over earlier ones. */
  readonly profiles?: ReadonlyArray<string>
  /** Documents to lay over the document, later ones over earlier ones and all over the profiles. */
  readonly overlays?: ReadonlyArray<string>
  /** Environment variables: those that the document declares are read from it. */
  readonly environment?: Environment
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
  {
    registry,
    loadStage,
    params = [],
    paramFiles = [],
    workingFolder,
    environment = {},
    ...layers
  }: LoadOptions,
): Effect.fn.Return<Pipeline, InvalidPipeline, FileSystem.FileSystem | Path.Path> {
  const path = yield* Path.Path
  const reading = new Diagnostics()
  const { profiles = [], overlays = [] } = layers
  const document = yield* readPipelineFiles(file, { profiles, overlays, workingFolder }, reading)
  const values = yield* Effect.forEach(paramFiles, (one) => readParamFile(one, workingFolder, reading))
  if (document === undefined) return yield* new InvalidPipeline({ diagnostics: reading.sorted() })
  const modules = yield* loadModuleStages(documentsOf(document), loadStage, workingFolder, reading)
  const files = values.filter((value) => value !== undefined)
  const isComplete = files.length === values.length
  const sources = isTexts(params)
    ? { files, isComplete, given: params, workingFolder }
    : { files: [...files, givenBy(params, workingFolder)], isComplete, given: [], workingFolder }
  const resolvePath = (folder: string, one: string) => path.resolve(folder, one)
  const caseFiles = new Map<string, CaseFile>()
  const options = { registry, modules, resolvePath, environment, workingFolder, caseFiles }
  for (;;) {
    const diagnostics = new Diagnostics()
    diagnostics.include(reading)
    const { pipeline, paths, wanted } = compilePipeline(document, sources, options, diagnostics)
    // Which files of cases there are is only known once params are.
    for (const one of wanted) caseFiles.set(one, yield* readCaseFile(one, workingFolder))
    if (wanted.size > 0) continue
    const distinct = new Map(paths.map((named) => [named.path, named]))
    for (const named of distinct.values()) checkPath(named, diagnostics)
    if (!diagnostics.isEmpty) return yield* new InvalidPipeline({ diagnostics: diagnostics.sorted() })
    const cases = [...caseFiles.keys()].map((one) => path.relative(workingFolder, one))
    const read = [...documentsOf(document)].flatMap((one) => one.files)
    return { ...pipeline, documents: [...new Set([...read, ...paramFiles, ...cases])] }
  }
})

const isTexts = (params: NonNullable<LoadOptions["params"]>): params is ReadonlyArray<GivenParam> =>
  Array.isArray(params)

/** The values that a program gives, as if they stood in a file of the working folder. */
const givenBy = (params: { readonly [name: string]: Json }, workingFolder: string): Value =>
  locate(params, { source: new Source("params", workingFolder, ""), start: 0, end: 1 })

/** A document and all that are used as stages, however deep. */
const documentsOf = (document: WholeDocument): ReadonlySet<WholeDocument> => {
  const found = new Set([document])
  // A set that grows while it is walked is walked to its new end.
  for (const { groups } of found) for (const group of groups.values()) found.add(group)
  return found
}

/** Reports a file or folder that an input names and that isn't there. Plain code: there may be very many. */
export const checkPath = ({ path, text, span, origin }: NamedPath, diagnostics: Diagnostics): void => {
  if (existsSync(path)) return
  diagnostics.report(span, `there is no file or folder \`${text}\``, {
    hint: text === path ? undefined : `a path is relative to the file that says it: ${path}`,
    related: origin === undefined ? undefined : { span: origin, message: "the path comes from here" },
  })
}
