import {
  type Change,
  explainMiss,
  type Ingredients,
  ingredientChanges,
  type KeyRecord,
  lastKeys,
  type Mask,
  makeMask,
  type Pipeline,
  reasonText,
  Store,
  type Task,
} from "@diva-pipeline/core"
import { Effect } from "effect"
import type { Explanation } from "../history/index.ts"

/** Hides what no output may show: the secrets of a pipeline's tasks. */
export const maskOf = ({ tasks }: Pipeline): Mask =>
  makeMask(process.env, new Set(tasks.flatMap(({ secrets }) => secrets)))

/** What a task's key is made of, beside its stage. */
export type Inputs = Omit<Ingredients, "stage">

/** Explains why a task runs. Without inputs, which depend on what runs before it, only the reason is known. */
export type Explain = (task: string, reason: string, inputs: Inputs | undefined) => Explanation

const sinceOf = ({ run, time }: KeyRecord): NonNullable<Explanation["since"]> => ({
  ...(run !== undefined && { run }),
  ...(time !== undefined && { time }),
})

const stageText = (name: string, version: number): string => `${name} version ${version}`

/** As records have it: only so is what was masked there the same as before. */
const masked = (mask: Mask, { inputs, environment }: Inputs): Inputs => ({
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([place, field]) => [
      place,
      field.shown === undefined ? field : { ...field, shown: mask(field.shown) },
    ]),
  ),
  environment: Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, mask(value)])),
})

const changesSince = (
  { stage }: Task,
  { stage: formerStage, version, fields, environment }: KeyRecord,
  inputs: Inputs,
  mask: Mask,
): ReadonlyArray<Change> =>
  ingredientChanges(
    { ...masked(mask, { inputs: fields, environment }), stage: stageText(formerStage, version) },
    { ...masked(mask, inputs), stage: stageText(stage.name, stage.version) },
  )

/** Explains the tasks of a pipeline by the records of when they were last done. */
export const makeExplain = Effect.fnUntraced(function* (
  pipeline: Pipeline,
): Effect.fn.Return<Explain, never, Store> {
  const store = yield* Store
  const lastKey = lastKeys(store.root, pipeline.name)
  const tasks = new Map(pipeline.tasks.map((task) => [task.id, task]))
  const mask = maskOf(pipeline)
  return (id, reason, inputs) => {
    const task = tasks.get(id)
    const last = lastKey(id)
    const former = last === undefined ? undefined : store.record(last)
    const told = { reason: mask(reason) }
    if (task === undefined || inputs === undefined || former === undefined) return { ...told, changes: [] }
    const changes = changesSince(task, former, inputs, mask)
    const { inputs: fields, environment } = inputs
    const isOfChanges = told.reason === mask(reasonText(explainMiss(task, { fields, environment }, former)))
    return { ...(!(isOfChanges && changes.length > 0) && told), since: sinceOf(former), changes }
  }
})
