import type { Task } from "../pipeline/index.ts"
import type { KeyRecord, RecordedField } from "../store/index.ts"
import type { TaskKey } from "./key.ts"

/** Why a task must run. */
export interface RunReason {
  readonly kind:
    | "never-ran"
    | "record-gone"
    | "input-changed"
    | "source-changed"
    | "upstream-changed"
    | "environment-changed"
    | "version-changed"
    | "artefact-damaged"
    | "uncached"
    | "forced"
  /** For people: "input `learning-rate` changed: 0.001 → 0.002". */
  readonly message: string
}

const changed = (place: string, before: RecordedField, now: RecordedField): RunReason => {
  if (now.kind === "source" && before.shown === now.shown) {
    return { kind: "source-changed", message: `source ${now.shown} changed` }
  }
  if (now.kind === "output" && before.shown === now.shown) {
    return { kind: "upstream-changed", message: `input \`${place}\` has other content: ${now.shown} changed` }
  }
  const values =
    before.shown === undefined || now.shown === undefined ? "" : `: ${before.shown} → ${now.shown}`
  return { kind: "input-changed", message: `input \`${place}\` changed${values}` }
}

const fieldReasons = (before: KeyRecord["fields"], now: TaskKey["fields"]): ReadonlyArray<RunReason> => {
  const places = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  return places.flatMap((place): ReadonlyArray<RunReason> => {
    const [former, current] = [before[place], now[place]]
    if (former === undefined) return [{ kind: "input-changed", message: `input \`${place}\` is new` }]
    if (current === undefined) return [{ kind: "input-changed", message: `input \`${place}\` is gone` }]
    const same = former.digest === current.digest && (former.kind === "value") === (current.kind === "value")
    return same ? [] : [changed(place, former, current)]
  })
}

const environmentReasons = (
  before: KeyRecord["environment"],
  now: TaskKey["environment"],
): ReadonlyArray<RunReason> =>
  Object.entries(now).flatMap(([name, value]): ReadonlyArray<RunReason> => {
    if (before[name] === value) return []
    const values = before[name] === undefined ? value : `${before[name]} → ${value}`
    return [{ kind: "environment-changed", message: `${name} changed: ${values}` }]
  })

/** What is different from the last time that this task was done. */
export const explainMiss = (
  task: Task,
  now: Pick<TaskKey, "fields" | "environment">,
  former: KeyRecord | undefined,
): ReadonlyArray<RunReason> => {
  if (former === undefined) return [{ kind: "never-ran", message: "never ran" }]
  const { stage } = task
  if (former.stage !== stage.name) {
    return [{ kind: "version-changed", message: `stage ${former.stage} → ${stage.name}` }]
  }
  const version: ReadonlyArray<RunReason> =
    former.version === stage.version
      ? []
      : [{ kind: "version-changed", message: `stage version ${former.version} → ${stage.version}` }]
  const reasons = [
    ...version,
    ...fieldReasons(former.fields, now.fields),
    ...environmentReasons(former.environment, now.environment),
  ]
  if (reasons.length > 0) return reasons
  return [{ kind: "version-changed", message: "the way in which cache keys are made changed" }]
}

/** All reasons in one line. */
export const reasonText = (reasons: ReadonlyArray<RunReason>): string =>
  reasons.map((reason) => reason.message).join("; ")
