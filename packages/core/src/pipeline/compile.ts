import { type Diagnostics, type DocumentNode, entryOf, isText } from "../document/index.ts"
import type { StageRegistry } from "../stage/index.ts"
import { collectDeclarations, type Declarations } from "./declarations.ts"
import { checkCycles, checkNeeds } from "./dependencies.ts"
import type { PipelineDocument } from "./documents.ts"
import { evaluate } from "./evaluation.ts"
import type { NamedPath } from "./inputs.ts"
import type { ModuleStages } from "./module-stages.ts"
import { outputValue } from "./outputs.ts"
import { type ParamSources, type ResolvePath, resolveParams } from "./params.ts"
import type { OutputReference, Pipeline } from "./pipeline.ts"
import { membersOf, type StageWithMembers } from "./stage-members.ts"
import { inOrder, makeTasks } from "./tasks.ts"
import { describeValue, toJson } from "./value.ts"

/** What a document is made into a pipeline with. */
export interface CompileOptions {
  readonly registry: StageRegistry
  readonly modules: ModuleStages
  readonly params: ParamSources
  readonly resolvePath: ResolvePath
}

/** A pipeline, and the files that have to be there for it. */
export interface CompiledPipeline {
  readonly pipeline: Pipeline
  readonly paths: ReadonlyArray<NamedPath>
}

/**
 * Makes the files of a pipeline, imported ones first and the document itself last, into the pipeline. What it comes
 * to is only right when no diagnostics were reported.
 */
export const compilePipeline = (
  main: PipelineDocument,
  imported: ReadonlyArray<PipelineDocument>,
  { registry, modules, params: paramSources, resolvePath }: CompileOptions,
  diagnostics: Diagnostics,
): CompiledPipeline => {
  const declarations = collectDeclarations([...imported, main], registry, modules, diagnostics)
  if (declarations.stages.size === 0) reportNoStages(main, diagnostics)
  const params = resolveParams(declarations.params, paramSources, resolvePath, diagnostics)
  const stages = new Map(
    [...declarations.stages].map(([key, stage]) => [key, membersOf(stage, params, diagnostics)]),
  )
  checkNeeds(declarations.stages, diagnostics)
  checkCycles(declarations.stages, diagnostics)
  const { tasks, paths } = makeTasks({ stages, params, resolvePath }, diagnostics)
  const outputs = pipelineOutputs(declarations, stages, diagnostics)
  const pipeline: Pipeline = {
    name: nameOf(main),
    description: textOf(main.root, "description") ?? "",
    file: main.source.file,
    params: Object.fromEntries([...params].map(([name, value]) => [name, toJson(value)])),
    pools: {},
    // Cycles have no order.
    tasks: diagnostics.isEmpty ? inOrder(tasks) : [],
    outputs,
  }
  return { pipeline, paths }
}

const reportNoStages = ({ root, source }: PipelineDocument, diagnostics: Diagnostics): void => {
  if (diagnostics.namesMayBeMissing) return
  // Without a map of keys, that was reported; with a key `stages` that is no map, that was too.
  const stages = root.kind === "map" ? root.entries.get("stages") : undefined
  if (root.kind !== "map" || (stages !== undefined && stages.value.kind !== "map")) return
  const span = stages?.key ?? { source, start: root.span.start, end: root.span.start + 1 }
  diagnostics.report(span, "the pipeline has no stages")
}

const textOf = (root: DocumentNode, key: string): string | undefined => {
  const node = entryOf(root, key)
  return isText(node) ? node.value : undefined
}

/** The document's `name`, or its file's name without extension, made into one. */
const nameOf = ({ root, source }: PipelineDocument): string => {
  const base =
    source.file
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.ya?ml$/i, "") ?? ""
  const fromFile = base.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
  return textOf(root, "name") ?? (fromFile === "" ? "pipeline" : fromFile)
}

const pipelineOutputs = (
  { outputs }: Declarations,
  stages: ReadonlyMap<string, StageWithMembers>,
  diagnostics: Diagnostics,
): Readonly<Record<string, OutputReference>> => {
  const consumer = { values: new Map(), isKept: true }
  const output = (request: Parameters<typeof outputValue>[0]) =>
    outputValue(request, consumer, stages, diagnostics)
  const entries = [...outputs].flatMap(([name, { value: node }]): Array<[string, OutputReference]> => {
    if (!isText(node)) return []
    const value = evaluate(node, { place: "`outputs`", output }, diagnostics)
    if (value.kind === "artefact") return [[name, value.reference]]
    if (value.kind === "artefacts") {
      diagnostics.report(
        value.span,
        `output \`${name}\` must be one artefact, but \`${value.text}\` is a list`,
        {
          hint: "gather the list in a stage, and take that stage's output",
        },
      )
    } else if (value.kind !== "unknown") {
      const hint = `write \${{ stages.STAGE.outputs.OUTPUT }}`
      diagnostics.report(
        value.span,
        `output \`${name}\` must be the output of a stage, not ${describeValue(value)}`,
        {
          hint,
        },
      )
    }
    return []
  })
  return Object.fromEntries(entries)
}
