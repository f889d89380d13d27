import { type Diagnostics, entriesOf, type MapEntry, type Span } from "../document/index.ts"
import type { Resources } from "../stage/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { evaluate } from "./evaluation.ts"
import { stageSettings } from "./language.ts"
import type { MatrixValues } from "./matrix.ts"
import type { Json, RetryPolicy } from "./pipeline.ts"
import { parseDuration, parseSize } from "./quantities.ts"
import { type CheckedSchema, prepareSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { hasUnknown, type Value } from "./value.ts"

/** How a task is run. */
export interface TaskSettings {
  readonly retry: RetryPolicy
  readonly timeout: number | undefined
  readonly resources: Resources
  readonly cache: boolean
}

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
  return taskSettings(check.data, declaration.definition?.resources)
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

/** `retry: 3` says `retry: { attempts: 3 }`. */
const asRetryMap = (value: Value, key: Span): Value =>
  value.kind === "scalar" && typeof value.value === "number"
    ? { kind: "map", entries: new Map([["attempts", { key, value }]]), span: value.span }
    : value

const taskSettings = (data: Json, ofStage: Partial<Resources> = {}): TaskSettings => {
  const retry = member(data, "retry")
  const resources = member(data, "resources")
  return {
    retry: {
      attempts: numberOf(member(retry, "attempts")) ?? 3,
      delay: durationOf(member(retry, "delay")) ?? 1,
      longest: durationOf(member(retry, "longest")) ?? 60,
      crashes: member(retry, "crashes") !== false,
    },
    timeout: durationOf(member(data, "timeout")),
    resources: {
      cpu: numberOf(member(resources, "cpu")) ?? ofStage.cpu ?? 1,
      memory: sizeOf(member(resources, "memory")) ?? ofStage.memory ?? 256,
      gpu: numberOf(member(resources, "gpu")) ?? ofStage.gpu ?? 0,
    },
    cache: member(data, "cache") !== false,
  }
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
