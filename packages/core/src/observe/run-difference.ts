import type { KeyRecord } from "../store/index.ts"
import {
  type Change,
  changed,
  changesOf,
  type Ingredients,
  ingredientChanges,
  namesOf,
} from "./ingredients.ts"
import type { OutputRecord, RunRecord, TaskRecord } from "./run-record.ts"

/** A change, and the task whose result it changed first. */
export interface Cause extends Change {
  readonly task: string
}

/** A task that gave other bytes in one run than in the other. */
export interface TaskDifference {
  readonly task: string
  /** The outputs with other content. */
  readonly outputs: ReadonlyArray<string>
  /** Why, as far upstream as it can be followed. Empty when the records of its keys are gone. */
  readonly causes: ReadonlyArray<Cause>
}

/** What differs between two runs. */
export interface RunDifference {
  readonly before: string
  readonly after: string
  /** What the runs themselves were made of. */
  readonly changes: ReadonlyArray<Change>
  readonly tasks: ReadonlyArray<TaskDifference>
  readonly onlyBefore: ReadonlyArray<string>
  readonly onlyAfter: ReadonlyArray<string>
  /** Tasks with a result in one run only. */
  readonly unfinished: ReadonlyArray<string>
  /** How many tasks gave the same bytes. */
  readonly same: number
}

/** The record of a key, where the store still has it. */
export type RecordOf = (key: string) => KeyRecord | undefined

const texts = (values: RunRecord["params"]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]))

const commitOf = ({ git }: RunRecord): string | undefined =>
  git && `${git.commit.slice(0, 12)}${git.dirty === true ? " with changes" : ""}`

const documentsOf = ({ documents }: RunRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(documents.map(({ file, digest }) => [file, digest.slice(0, 12)]))

const machineOf = ({ machine }: RunRecord): string | undefined =>
  machine && `${machine.system}, ${machine.processor}`

const runChanges = (before: RunRecord, after: RunRecord): ReadonlyArray<Change> => [
  ...changed("document", "pipeline", before.pipeline, after.pipeline),
  ...changesOf("document", documentsOf(before), documentsOf(after)),
  ...changesOf("param", texts(before.params), texts(after.params)),
  ...changesOf("version", before.versions, after.versions),
  ...changed("commit", "git commit", commitOf(before), commitOf(after)),
  ...changed("machine", "machine", machineOf(before), machineOf(after)),
]

/** Told by the run that computed it, or kept with the key. */
const ingredientsOf = (task: TaskRecord, recordOf: RecordOf): Ingredients | undefined => {
  const stage = `${task.stage} version ${task.version}`
  if (task.inputs !== undefined) return { stage, inputs: task.inputs, environment: task.environment ?? {} }
  const record = task.key === undefined ? undefined : recordOf(task.key)
  return record && { stage, inputs: record.fields, environment: record.environment }
}

/** Follows changed results up to what changed first. */
class Causes {
  readonly #before: ReadonlyMap<string, TaskRecord>
  readonly #after: ReadonlyMap<string, TaskRecord>
  readonly #recordOf: RecordOf
  readonly #known = new Map<string, ReadonlyArray<Cause>>()

  constructor(before: RunRecord, after: RunRecord, recordOf: RecordOf) {
    this.#before = new Map(before.tasks.map((task) => [task.id, task]))
    this.#after = new Map(after.tasks.map((task) => [task.id, task]))
    this.#recordOf = recordOf
  }

  /** Of a task with other outputs. Tasks come in the order of their needs, so what is upstream is known already. */
  of(id: string): ReadonlyArray<Cause> {
    const found = this.#known.get(id) ?? this.#find(id)
    this.#known.set(id, found)
    return found
  }

  #find(task: string): ReadonlyArray<Cause> {
    const [before, after] = [this.#before.get(task), this.#after.get(task)]
    if (before === undefined || after === undefined) return []
    if (before.key === after.key) return [{ kind: "chance", name: "same key, different bytes", task }]
    const [former, current] = [ingredientsOf(before, this.#recordOf), ingredientsOf(after, this.#recordOf)]
    if (former === undefined || current === undefined) return []
    const changes = ingredientChanges(former, current)
    if (changes.length === 0) return [{ kind: "key", name: "the way in which keys are made", task }]
    const own = changes.filter((change) => change.kind !== "upstream").map((change) => ({ ...change, task }))
    const upstream = changes
      .filter((change) => change.kind === "upstream")
      .flatMap(({ name }) => {
        const causes = this.of(name.slice(0, name.lastIndexOf(".")))
        return causes.length > 0 ? causes : [{ kind: "upstream" as const, name, task }]
      })
    return [...new Set([...own, ...upstream])]
  }
}

const otherOutputs = (
  before: Readonly<Record<string, OutputRecord>>,
  after: Readonly<Record<string, OutputRecord>>,
): ReadonlyArray<string> =>
  namesOf(before, after).filter((name) => before[name]?.digest !== after[name]?.digest)

const isDone = ({ status }: TaskRecord): boolean => status === "succeeded" || status === "cached"

/** Compares what two runs gave, task by task, and finds out why it differs. */
export const compareRuns = (before: RunRecord, after: RunRecord, recordOf: RecordOf): RunDifference => {
  const causes = new Causes(before, after, recordOf)
  const [former, current] = [before, after].map((run) => new Map(run.tasks.map((task) => [task.id, task])))
  const tasks: Array<TaskDifference> = []
  const unfinished: Array<string> = []
  let same = 0
  for (const task of after.tasks) {
    const earlier = former?.get(task.id)
    if (earlier === undefined) continue
    const outputs = otherOutputs(earlier.outputs, task.outputs)
    if (!isDone(task) && !isDone(earlier)) continue
    if (!isDone(task) || !isDone(earlier)) unfinished.push(task.id)
    else if (outputs.length === 0) same += 1
    else tasks.push({ task: task.id, outputs, causes: causes.of(task.id) })
  }
  return {
    before: before.run,
    after: after.run,
    changes: runChanges(before, after),
    tasks,
    unfinished,
    same,
    onlyBefore: before.tasks.filter(({ id }) => !current?.has(id)).map(({ id }) => id),
    onlyAfter: after.tasks.filter(({ id }) => !former?.has(id)).map(({ id }) => id),
  }
}

/** Keys of tasks whose inputs a comparison needs, but whose run has not told them. */
export const keysToCompare = (before: RunRecord, after: RunRecord): ReadonlyArray<string> => {
  const former = new Map(before.tasks.map((task) => [task.id, task]))
  return after.tasks.flatMap((task) => {
    const earlier = former.get(task.id)
    if (earlier === undefined || earlier.key === task.key) return []
    return [earlier, task].flatMap(({ key, inputs }) =>
      key === undefined || inputs !== undefined ? [] : [key],
    )
  })
}
