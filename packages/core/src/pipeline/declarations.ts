import {
  type Diagnostics,
  type DocumentNode,
  didYouMean,
  entriesOf,
  entryOf,
  isText,
  type MapEntry,
  type Span,
} from "../document/index.ts"
import { type AnyStage, isModuleName, type StageRegistry } from "../stage/index.ts"
import type { PipelineDocument } from "./documents.ts"
import type { ModuleStages } from "./module-stages.ts"

/** What the files of a pipeline declare, put together. */
export interface Declarations {
  readonly params: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly stages: ReadonlyMap<string, StageDeclaration>
  readonly outputs: ReadonlyMap<string, MapEntry<DocumentNode>>
}

/** A stage as a document declares it. */
export interface StageDeclaration {
  readonly key: string
  /** Where the key stands. */
  readonly span: Span
  readonly node: DocumentNode
  /** What `uses` names; undefined when there is no such stage, which was reported. */
  readonly definition: AnyStage | undefined
}

/** Puts the declarations of all files together; imported files come first. */
export const collectDeclarations = (
  documents: ReadonlyArray<PipelineDocument>,
  registry: StageRegistry,
  modules: ModuleStages,
  diagnostics: Diagnostics,
): Declarations => {
  const stages = new Map<string, StageDeclaration>()
  for (const [key, { key: span, value: node }] of merged("stages", documents, diagnostics)) {
    stages.set(key, { key, span, node, definition: definitionOf(node, registry, modules, diagnostics) })
  }
  return {
    params: merged("params", documents, diagnostics),
    stages,
    outputs: merged("outputs", documents, diagnostics),
  }
}

const NOUNS = { params: "param", stages: "stage", outputs: "output" } as const

const merged = (
  section: keyof typeof NOUNS,
  documents: ReadonlyArray<PipelineDocument>,
  diagnostics: Diagnostics,
): Map<string, MapEntry<DocumentNode>> => {
  const all = new Map<string, MapEntry<DocumentNode>>()
  for (const { root } of documents) {
    for (const [name, entry] of entriesOf(entryOf(root, section))) {
      const first = all.get(name)
      if (first === undefined) all.set(name, entry)
      else {
        diagnostics.report(entry.key, `another file declares the ${NOUNS[section]} \`${name}\` too`, {
          hint: "rename one of the two",
          related: { span: first.key, message: "it is declared here" },
        })
      }
    }
  }
  return all
}

const definitionOf = (
  node: DocumentNode,
  registry: StageRegistry,
  modules: ModuleStages,
  diagnostics: Diagnostics,
): AnyStage | undefined => {
  const uses = entryOf(node, "uses")
  if (!isText(uses)) return undefined
  if (isModuleName(uses.value)) return modules.of(uses)
  const definition = registry.get(uses.value)
  if (definition === undefined) {
    const hint = didYouMean(uses.value, registry.keys())
    diagnostics.report(uses.span, `there is no stage \`${uses.value}\` to use`, { hint })
  }
  return definition
}
