import { type Diagnostics, type DocumentNode, entryOf, isText } from "../document/index.ts"
import { Compilation, type CompileOptions } from "./compilation.ts"
import type { WholeDocument } from "./documents.ts"
import type { NamedPath } from "./inputs.ts"
import { compileLevel } from "./level.ts"
import type { ParamSources } from "./params.ts"
import type { OutputReference, Pipeline } from "./pipeline.ts"
import { inOrder } from "./task-order.ts"
import { toJson, type Value } from "./value.ts"

/** A pipeline, and the files that are needed for it. */
export interface CompiledPipeline {
  readonly pipeline: Pipeline
  /** Files that have to be there. */
  readonly paths: ReadonlyArray<NamedPath>
  /** Files of cases that are missing in the options: once they are read, the pipeline is to be compiled again. */
  readonly wanted: ReadonlySet<string>
}

/** Makes a document into a pipeline. What it comes to is only right when no diagnostics were reported. */
export const compilePipeline = (
  document: WholeDocument,
  params: ParamSources,
  options: CompileOptions,
  diagnostics: Diagnostics,
): CompiledPipeline => {
  const compilation = new Compilation(options, diagnostics)
  const { declarations, pools } = compilation.prepare(document)
  if (declarations.stages.size === 0) reportNoStages(document, diagnostics)
  const surroundings = { ...AT_THE_TOP, pools }
  const level = compileLevel(document, params, surroundings, compilation)
  const pipeline: Pipeline = {
    name: nameOf(document),
    description: textOf(document.root, "description") ?? "",
    file: document.source.file,
    documents: [document.source.file],
    params: Object.fromEntries([...level.params].map(([name, value]) => [name, toJson(value)])),
    pools: Object.fromEntries(compilation.pools),
    // Cycles have no order.
    tasks: diagnostics.isEmpty ? inOrder(level.tasks) : [],
    outputs: referencesOf(level.outputs),
  }
  return { pipeline, paths: compilation.paths, wanted: compilation.wanted }
}

const AT_THE_TOP = { prefix: "", keyPrefix: "", matrix: {}, secrets: [], needs: [], isKept: true }

const referencesOf = (outputs: ReadonlyMap<string, Value>): Readonly<Record<string, OutputReference>> =>
  Object.fromEntries(
    [...outputs].flatMap(([name, value]) =>
      value.kind === "artefact" ? [[name, value.reference] as const] : [],
    ),
  )

const reportNoStages = ({ root, source }: WholeDocument, diagnostics: Diagnostics): void => {
  if (diagnostics.namesMayBeMissing) return
  // Without a map of keys, that was reported; with a key `stages` that is neither a map nor empty, that was too.
  const stages = root.kind === "map" ? root.entries.get("stages") : undefined
  if (root.kind !== "map") return
  const hasValue = stages !== undefined && !(stages.value.kind === "scalar" && stages.value.value === null)
  if (hasValue && stages.value.kind !== "map") return
  const span = stages?.key ?? { source, start: root.span.start, end: root.span.start + 1 }
  diagnostics.report(span, "the pipeline has no stages")
}

const textOf = (root: DocumentNode, key: string): string | undefined => {
  const node = entryOf(root, key)
  return isText(node) ? node.value : undefined
}

/** The document's `name`, or its file's name without extension, made into one. */
const nameOf = ({ root, source }: WholeDocument): string => {
  const base =
    source.file
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.ya?ml$/i, "") ?? ""
  const fromFile = base.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
  return textOf(root, "name") ?? (fromFile === "" ? "pipeline" : fromFile)
}
