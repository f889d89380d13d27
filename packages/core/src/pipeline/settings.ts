import { type Diagnostics, entriesOf, type MapEntry, type Span } from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { evaluate } from "./evaluation.ts"
import { stageSettings } from "./language.ts"
import type { MatrixValues } from "./matrix.ts"
import type { Json, RetryPolicy, RetryRule, Task } from "./pipeline.ts"
import { parseDuration, parseSize } from "./quantities.ts"
import { type CheckedSchema, prepareSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { hasUnknown, type Value } from "./value.ts"

/** How a task is run. */
export type TaskSettings = Pick<Task, "retry" | "timeout" | "resources" | "cache" | "environment" | "secrets">

/** The kinds of failure that may have a rule of their own. */
const KINDS = ["transient", "crash", "timeout"]

const SETTINGS = ["retry", "timeout", "resources", "cache"]

let schema: CheckedSchema | undefined

/** A stage's settings for one member; undefined when there are mistakes, which are reported. */
export const settingsOf = (
  declaration: StageDeclaration,
  scope: { readonly params: ReadonlyMap<string, Value>; readonly matrix: MatrixValues },
  diagnostics: Diagnostics,
): TaskSettings | undefined => {
  const value = settingsValue(declaration, scope, diagnostics)
  schema ??= prepareSchema(stageSettings)
  const check = schema.check(value)
  const part = (path: ReadonlyArray<string>) => `\`${path.join(".")}\``
  const wording = { part, keyNoun: "key", owner: "", place: declaration.span }
  reportSchemaErrors(check, value, wording, diagnostics)
  if (check.errors.length > 0 || hasUnknown(value)) return undefined
  return taskSettings(check.data, declaration.definition)
}

const settingsValue = (
  { node, span }: StageDeclaration,
  scope: { readonly params: ReadonlyMap<string, Value>; readonly matrix: MatrixValues },
  diagnostics: Diagnostics,
): Value => {
  const entries = [...entriesOf(node)]
    .filter(([name]) => SETTINGS.includes(name))
    .map(([name, { key, value }]): [string, MapEntry<Value>] => {
      const evaluated = evaluate(value, { place: `\`${name}\``, ...scope }, diagnostics)
      return [name, { key, value: name === "retry" ? asRetryMap(evaluated, key) : evaluated }]
    })
  return { kind: "map", entries: new Map(entries), span }
}

/** `retry: 3` says `retry: { attempts: 3 }`, and so does `crash: 3` within it. */
const asRetryMap = (value: Value, key: Span): Value => {
  const attempts = asAttempts(value, key)
  if (attempts.kind !== "map") return attempts
  const entries = [...attempts.entries].map(([name, entry]): [string, MapEntry<Value>] =>
    KINDS.includes(name)
      ? [name, { key: entry.key, value: asAttempts(entry.value, entry.key) }]
      : [name, entry],
  )
  return { ...attempts, entries: new Map(entries) }
}

const asAttempts = (value: Value, key: Span): Value =>
  value.kind === "scalar" && typeof value.value === "number"
    ? { kind: "map", entries: new Map([["attempts", { key, value }]]), span: value.span }
    : value

const taskSettings = (data: Json, stage: AnyStage | undefined): TaskSettings => {
  const resources = member(data, "resources")
  return {
    retry: retryPolicy(member(data, "retry")),
    timeout: durationOf(member(data, "timeout")),
    resources: [
      {
        cpu: numberOf(member(resources, "cpu")) ?? stage?.resources?.cpu ?? 1,
        memory: sizeOf(member(resources, "memory")) ?? stage?.resources?.memory ?? 256,
        gpu: numberOf(member(resources, "gpu")) ?? stage?.resources?.gpu ?? 0,
        pools: stage?.resources?.pools ?? {},
      },
    ],
    cache: cacheOf(member(data, "cache")),
    environment: {},
    secrets: stage?.secrets ?? [],
  }
}

/** The rule for all failures, and what is said of one kind in its place. */
const retryPolicy = (retry: Json | undefined): RetryPolicy => {
  const ruleFor = (kind: string): RetryRule => {
    const own = member(retry, kind)
    const fieldOf = (name: string) => member(own, name) ?? member(retry, name)
    return {
      attempts: numberOf(fieldOf("attempts")) ?? 3,
      delay: durationOf(fieldOf("delay")) ?? 1,
      longest: durationOf(fieldOf("longest")) ?? 60,
    }
  }
  return { transient: ruleFor("transient"), crash: ruleFor("crash"), timeout: ruleFor("timeout") }
}

const cacheOf = (value: Json | undefined): Task["cache"] => {
  if (value === "read-only") return "read-only"
  return value === false ? "off" : "on"
}

const member = (data: Json | undefined, key: string): Json | undefined =>
  typeof data === "object" && data !== null && !Array.isArray(data)
    ? Object.entries(data).find(([name]) => name === key)?.[1]
    : undefined

const numberOf = (value: Json | undefined): number | undefined =>
  typeof value === "number" ? value : undefined

const durationOf = (value: Json | undefined): number | undefined =>
  typeof value === "string" ? parseDuration(value) : undefined

const sizeOf = (value: Json | undefined): number | undefined =>
  typeof value === "string" ? parseSize(value) : undefined
