import { type Diagnostics, type DocumentNode, entryOf } from "../document/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { neededStages } from "./dependencies.ts"
import { evaluate } from "./evaluation.ts"
import { checkInput, type NamedPath } from "./inputs.ts"
import { agrees } from "./matrix.ts"
import type { OutputRequest } from "./names.ts"
import { outputValue } from "./outputs.ts"
import type { ResolvePath } from "./params.ts"
import { type InputValue, OutputReference, SourcePath, type Task } from "./pipeline.ts"
import { settingsOf } from "./settings.ts"
import { type Member, placeholder, type StageWithMembers } from "./stage-members.ts"
import { toJson, type Value } from "./value.ts"

/** The tasks of all stages, in the order of the document, and the files that they name. */
export interface DeclaredTasks {
  readonly tasks: ReadonlyArray<Task>
  readonly paths: ReadonlyArray<NamedPath>
}

/** What tasks are made from. */
export interface TaskSources {
  readonly stages: ReadonlyMap<string, StageWithMembers>
  readonly params: ReadonlyMap<string, Value>
  readonly resolvePath: ResolvePath
}

/** Makes the tasks of every stage. Stages with mistakes give none; the mistakes are reported. */
export const makeTasks = (sources: TaskSources, diagnostics: Diagnostics): DeclaredTasks => {
  const tasks: Array<Task> = []
  const paths: Array<NamedPath> = []
  for (const stage of sources.stages.values()) {
    for (const member of membersToCheck(stage)) {
      const made = makeTask(stage, member, sources, diagnostics)
      if (!member.isKept || stage.members === undefined) continue
      if (made.task !== undefined) tasks.push(made.task)
      paths.push(...made.paths)
    }
  }
  return { tasks, paths }
}

/** A stage whose members aren't known, or are none, is checked all the same. */
const membersToCheck = ({ declaration, matrix, members }: StageWithMembers): ReadonlyArray<Member> =>
  members !== undefined && members.length > 0
    ? members
    : [{ id: declaration.key, values: placeholder(matrix, declaration.span), isKept: false }]

const makeTask = (
  stage: StageWithMembers,
  member: Member,
  { stages, params, resolvePath }: TaskSources,
  diagnostics: Diagnostics,
): { readonly task: Task | undefined; readonly paths: ReadonlyArray<NamedPath> } => {
  const { declaration } = stage
  const matrix = member.values
  const settings = settingsOf(declaration, { params, matrix }, diagnostics)
  const output = (request: OutputRequest) => outputValue(request, member, stages, diagnostics)
  const value = evaluate(inputOf(declaration), { place: "`with`", params, matrix, output }, diagnostics)
  const { definition } = declaration
  if (definition === undefined) return { task: undefined, paths: [] }
  // What isn't a map was reported with the document's shape.
  if (value.kind !== "map") return { task: undefined, paths: [] }
  const place = stageInputPlace(stage)
  const checked = checkInput(definition, value, place, resolvePath, diagnostics)
  if (settings === undefined || checked.input === undefined) return { task: undefined, paths: checked.paths }
  const task: Task = {
    id: member.id,
    key: declaration.key,
    matrix: Object.fromEntries([...matrix].map(([name, one]) => [name, toJson(one)])),
    stage: definition,
    input: checked.input,
    needs: [...new Set([...referencedTasks(checked.input), ...neededTasks(stage, member, stages)])],
    ...settings,
    location: declaration.span.source.locate(declaration.span.start),
  }
  return { task, paths: checked.paths }
}

/** What `with` says; nothing when it isn't there. */
const inputOf = ({ node, span }: StageDeclaration): DocumentNode => {
  const given = entryOf(node, "with")
  const isAbsent = given === undefined || (given.kind === "scalar" && given.value === null)
  return isAbsent ? { kind: "map", entries: new Map(), span } : given
}

/** Missing inputs are missing from `with`, or from the stage when there is no `with`. */
const stageInputPlace = ({ declaration: { node, span } }: StageWithMembers) =>
  (node.kind === "map" ? node.entries.get("with")?.key : undefined) ?? span

/** The tasks whose outputs a value holds. */
export const referencedTasks = (value: InputValue): ReadonlyArray<string> => {
  if (value instanceof OutputReference) return [value.task]
  if (value instanceof SourcePath || typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap(referencedTasks)
}

const neededTasks = (
  { declaration }: StageWithMembers,
  member: Member,
  stages: ReadonlyMap<string, StageWithMembers>,
): ReadonlyArray<string> =>
  neededStages(declaration.node).flatMap(({ value }) =>
    (stages.get(value)?.members ?? [])
      .filter((other) => other.isKept && agrees(other.values, member.values))
      .map((other) => other.id),
  )

/** The tasks in an order in which each comes after those that it needs, and otherwise as the document has them. */
export const inOrder = (tasks: ReadonlyArray<Task>): ReadonlyArray<Task> => {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const ordered = new Set<Task>()
  for (const task of tasks) {
    const pending = [task]
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      const missing = top.needs
        .map((id) => byId.get(id))
        .find((need) => need !== undefined && !ordered.has(need))
      if (missing !== undefined) pending.push(missing)
      else {
        ordered.add(top)
        pending.pop()
      }
    }
  }
  return [...ordered]
}
