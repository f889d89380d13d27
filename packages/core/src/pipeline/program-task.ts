import { resolve } from "node:path"
import type { Diagnostics, DocumentNode, Span } from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import { checkInput, type NamedPath } from "./inputs.ts"
import type { Task } from "./pipeline.ts"
import { settingsOf } from "./settings.ts"
import { referencedTasks } from "./tasks.ts"
import type { Value } from "./value.ts"

/** A stage as a program declares it: what a document's stage is once its expressions are filled in. */
export interface ProgramTask {
  readonly name: string
  readonly stage: AnyStage
  readonly input: Value
  /** What a document would say beside `uses` and `with`. */
  readonly settings: DocumentNode
  readonly needs: ReadonlyArray<string>
  /** Where the program declares it. */
  readonly span: Span
}

/** Checks a stage that a program declares as a document's would be, and makes its task; undefined with mistakes. */
export const programTask = (
  { name, stage, input, settings, needs, span }: ProgramTask,
  diagnostics: Diagnostics,
): { readonly task: Task | undefined; readonly paths: ReadonlyArray<NamedPath> } => {
  const declaration = { key: name, span, node: settings, definition: stage }
  const scope = { params: new Map(), matrix: new Map() }
  const set = settingsOf(declaration, scope, diagnostics)
  const checked = checkInput(stage, input, span, resolve, diagnostics)
  if (set === undefined || checked.input === undefined) return { task: undefined, paths: checked.paths }
  const task: Task = {
    id: name,
    key: name,
    matrix: {},
    stage,
    input: checked.input,
    needs: [...new Set([...referencedTasks(checked.input), ...needs])],
    ...set,
    location: span.source.locate(span.start),
  }
  return { task, paths: checked.paths }
}
