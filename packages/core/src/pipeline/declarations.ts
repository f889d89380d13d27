import {
  type Diagnostics,
  type DocumentNode,
  didYouMean,
  entriesOf,
  entryOf,
  isText,
  type Location,
  type MapEntry,
  type Span,
  type TextNode,
} from "../document/index.ts"
import { type AnyStage, isModuleName, type StageRegistry } from "../stage/index.ts"
import { isGroup, type WholeDocument } from "./documents.ts"
import type { ModuleStages } from "./module-stages.ts"
import type { ResolvePath } from "./params.ts"

/** What a document declares. */
export interface Declarations {
  readonly params: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly stages: ReadonlyMap<string, StageDeclaration>
  readonly outputs: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly env: ReadonlyMap<string, MapEntry<DocumentNode>>
  readonly pools: ReadonlyMap<string, MapEntry<DocumentNode>>
  /** Those of all its stages. */
  readonly secrets: ReadonlyArray<TextNode>
}

/** A stage as a document declares it. */
export interface StageDeclaration {
  readonly key: string
  /** Where the key stands. */
  readonly span: Span
  readonly location: Location
  readonly node: DocumentNode
  /** What `uses` names: undefined, both, when there is no such stage or document, which was reported. */
  readonly definition: AnyStage | undefined
  readonly group: WholeDocument | undefined
}

/** The stages that `uses` may name. */
export interface UsableStages {
  readonly registry: StageRegistry
  readonly modules: ModuleStages
}

/** What the document declares, with the stages and documents that its stages use. */
export const declarationsOf = (
  { root, groups }: WholeDocument,
  usable: UsableStages,
  resolvePath: ResolvePath,
  diagnostics: Diagnostics,
): Declarations => {
  const section = (name: string) => entriesOf(entryOf(root, name))
  const stages = new Map<string, StageDeclaration>()
  for (const [key, { key: span, value: node }] of section("stages")) {
    const uses = entryOf(node, "uses")
    const named = isText(uses) ? uses : undefined
    const path =
      named !== undefined && isGroup(named) ? resolvePath(named.span.source.folder, named.value) : undefined
    const group = path === undefined ? undefined : groups.get(path)
    const definition = path === undefined ? definitionOf(named, usable, diagnostics) : undefined
    if (path !== undefined) checkGroupKeys(node, diagnostics)
    stages.set(key, { key, span, location: span.source.locate(span.start), node, definition, group })
  }
  return {
    params: section("params"),
    stages,
    outputs: section("outputs"),
    env: section("env"),
    pools: section("pools"),
    secrets: secretsOf(root),
  }
}

/** What each stage of the group says for itself. */
const OF_ONE_TASK = ["retry", "timeout", "resources", "cache", "env"]

const checkGroupKeys = (node: DocumentNode, diagnostics: Diagnostics): void => {
  for (const [name, { key }] of entriesOf(node)) {
    if (!OF_ONE_TASK.includes(name)) continue
    diagnostics.report(key, `\`${name}\` can't be said of a document that is used as a stage`, {
      hint: "say it of that document's stages; a param of it may give the value",
    })
  }
}

/** The items of `secrets` of a document or a stage. */
export const secretsOf = (node: DocumentNode): ReadonlyArray<TextNode> => {
  const secrets = entryOf(node, "secrets")
  return secrets?.kind === "list" ? secrets.items.filter(isText) : []
}

/** What a declared stage is called in messages: the stage or the document that it uses. */
export const usedName = ({ definition, group, key }: StageDeclaration): string =>
  definition?.name ?? group?.source.file ?? key

/** The names of a stage's outputs; undefined when it isn't known what it uses. */
export const outputNames = ({ definition, group }: StageDeclaration): ReadonlyArray<string> | undefined => {
  if (definition !== undefined) return Object.keys(definition.outputs)
  return group === undefined ? undefined : [...entriesOf(entryOf(group.root, "outputs")).keys()]
}

const definitionOf = (
  uses: TextNode | undefined,
  { registry, modules }: UsableStages,
  diagnostics: Diagnostics,
): AnyStage | undefined => {
  if (uses === undefined) return undefined
  if (isModuleName(uses.value)) return modules.of(uses)
  const definition = registry.get(uses.value)
  if (definition === undefined) {
    const hint = didYouMean(uses.value, registry.keys())
    diagnostics.report(uses.span, `there is no stage \`${uses.value}\` to use`, { hint })
  }
  return definition
}
