import type { OutputReference, Task } from "../pipeline/index.ts"
import { outputsIn } from "../plan/index.ts"
import type { Origin } from "../stage/index.ts"
import type { KeyRecord, RecordedField } from "../store/index.ts"

/** The record of a task that is done. */
export type FindRecord = (task: string) => KeyRecord | undefined

const shownOf = ({ kind, shown, digest }: RecordedField): string =>
  kind === "source" || shown === undefined ? digest.slice(0, 12) : shown

const originOf = ({ task, output }: OutputReference, record: KeyRecord): Origin => ({
  artefact: record.outputs[output] ?? "",
  task,
  output,
  key: record.key,
  stage: record.stage,
  version: record.version,
  environment: record.environment,
  inputs: Object.fromEntries(Object.entries(record.fields).map(([place, field]) => [place, shownOf(field)])),
})

/** Where a task's input artefacts come from, by their places in its input: `before[0]`. */
export const originsOf = (task: Task, findRecord: FindRecord): Readonly<Record<string, Origin>> => {
  const origins: Record<string, Origin> = {}
  for (const [place, reference] of outputsIn(task)) {
    const record = findRecord(reference.task)
    if (record !== undefined) origins[place] = originOf(reference, record)
  }
  return origins
}
