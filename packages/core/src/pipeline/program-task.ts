import { resolve } from "node:path"
import type { Diagnostics, DocumentNode, MapNode, Span } from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import { type NamedPath, StageInput } from "./inputs.ts"
import type { Task } from "./pipeline.ts"
import { StageSettings } from "./settings.ts"
import type { Value } from "./value.ts"

/** A stage as a program declares it: what a document's stage is once its expressions are filled in. */
export interface ProgramTask extends Pick<Task, "id" | "key" | "matrix"> {
  readonly stage: AnyStage
  readonly input: MapNode<Value>
  /** What a document would say beside `uses` and `with`. */
  readonly settings: DocumentNode
  readonly secrets: ReadonlyArray<string>
  readonly needs: ReadonlyArray<string>
  /** Where the program declares it. */
  readonly span: Span
}

/** Checks a stage that a program declares as a document's would be, and makes its task; undefined with mistakes. */
export const programTask = (
  { id, key, matrix, stage, input, settings, secrets, needs, span }: ProgramTask,
  pools: ReadonlyMap<string, number>,
  diagnostics: Diagnostics,
): { readonly task: Task | undefined; readonly paths: ReadonlyArray<NamedPath> } => {
  const location = span.source.locate(span.start)
  const declaration = { key, span, location, node: settings, definition: stage, group: undefined }
  const scope = { params: new Map(), env: new Map(), secrets: new Set<string>() }
  const set = new StageSettings(declaration, scope, secrets, pools, diagnostics).of(new Map())
  const noExpressions: MapNode<DocumentNode> = { kind: "map", entries: new Map(), span }
  const checked = new StageInput(stage, noExpressions, span, resolve, diagnostics).checkValue(input)
  if (set === undefined || checked.input === undefined) return { task: undefined, paths: checked.paths }
  const task: Task = {
    id,
    key,
    matrix,
    stage,
    input: checked.input,
    needs: [...new Set([...checked.references, ...needs])],
    ...set,
    location,
  }
  return { task, paths: checked.paths }
}
