import { resolve } from "node:path"
import { Effect } from "effect"
import { Diagnostics, entriesOf, entryOf, isText, type TextNode } from "../document/index.ts"
import { isModuleName, type LoadStage } from "../stage/index.ts"
import { isGroup, type WholeDocument } from "./documents.ts"
import { readPipelineFiles } from "./files.ts"
import { prepareParamSchema } from "./param-schema.ts"
import type { Json } from "./pipeline.ts"
import { toJson } from "./value.ts"

/** A stage as a document can use it. */
export interface UsedStage {
  /** What the document writes. */
  readonly uses: string
  readonly summary: string
  /** The JSON Schema of its `with`. */
  readonly input: Json
}

/** What a document uses that is no stage of the registry. */
export interface UsedStages {
  readonly used: ReadonlyArray<UsedStage>
  /** Those that can't be used as they are, and why. */
  readonly unusable: ReadonlyArray<string>
}

/**
 * Finds what a document uses that is no stage of the registry: stages of files and packages, and documents. Of a document
 * that is being written much may be missing: what can't be read is left out.
 */
export const readUsedStages = Effect.fnUntraced(function* (
  file: string,
  loadStage: LoadStage,
  workingFolder: string,
) {
  const reading = { profiles: [], overlays: [], workingFolder }
  const document = yield* readPipelineFiles(file, reading, new Diagnostics())
  if (document === undefined) return undefined
  const used: Array<UsedStage> = []
  const unusable: Array<string> = []
  for (const uses of usesOf(document)) {
    const found = isModuleName(uses.value)
      ? Effect.map(loadStage(uses.value, uses.span.source.folder), ({ summary, input }) => ({
          summary,
          input: plain(input),
        }))
      : Effect.succeed(groupOf(document, uses))
    yield* Effect.match(found, {
      onSuccess: (stage) => stage && used.push({ uses: uses.value, ...stage }),
      onFailure: ({ message }) => unusable.push(`\`${uses.value}\` can't be used: ${message}`),
    })
  }
  const result: UsedStages = { used, unusable }
  return result
})

/** What the document's own file says under `uses`, each once: those of its imports are relative to other folders. */
const usesOf = ({ root, source }: WholeDocument): ReadonlyArray<TextNode> => {
  const found = new Map<string, TextNode>()
  for (const [, { value: stage }] of entriesOf(entryOf(root, "stages"))) {
    const uses = entryOf(stage, "uses")
    if (!isText(uses) || uses.span.source !== source) continue
    if (isModuleName(uses.value) || isGroup(uses)) found.set(uses.value, uses)
  }
  return [...found.values()]
}

const groupOf = ({ groups }: WholeDocument, uses: TextNode): Omit<UsedStage, "uses"> | undefined => {
  const group = groups.get(resolve(uses.span.source.folder, uses.value))
  if (group === undefined) return undefined
  const description = entryOf(group.root, "description")
  const params = [...entriesOf(entryOf(group.root, "params"))].map(([name, { value }]): [string, Json] => {
    // What is said of a param may be wrong, or refer to other parts of itself: then any value will do here.
    const isUsable = value.kind === "map" && prepareParamSchema(value, new Diagnostics()) !== undefined
    const schema = toJson(value)
    return [name, isUsable && !JSON.stringify(schema).includes('"$ref"') ? schema : {}]
  })
  const needed = params.flatMap(([name, schema]) => (hasDefault(schema) ? [] : [name]))
  return {
    summary: isText(description) ? description.value : "A document whose stages run",
    input: {
      type: "object",
      properties: Object.fromEntries(params),
      required: needed,
      additionalProperties: false,
    },
  }
}

const hasDefault = (schema: Json): boolean =>
  typeof schema === "object" && schema !== null && "default" in schema

const plain = (schema: object): Json => JSON.parse(JSON.stringify(schema))
