import {
  type Diagnostics,
  entriesOf,
  type MapEntry,
  type MapNode,
  nearest,
  type Span,
} from "../document/index.ts"
import type { AnyStage } from "../stage/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { dependsOnMember } from "./dependencies.ts"
import { evaluate } from "./evaluation.ts"
import { stageSettings } from "./language.ts"
import type { MatrixValues } from "./member-index.ts"
import type { DocumentScope } from "./names.ts"
import type { Json, RetryPolicy, RetryRule, Task } from "./pipeline.ts"
import { parseDuration } from "./quantities.ts"
import { asResourceLists, OF_THE_MACHINE, poolShares, resourcesOf } from "./resources.ts"
import { type CheckedSchema, prepareSchema } from "./schema-check.ts"
import { reportSchemaErrors } from "./schema-diagnostics.ts"
import { hasUnknown, type Value } from "./value.ts"

/** How a task is run. */
export type TaskSettings = Pick<Task, "retry" | "timeout" | "resources" | "cache" | "environment" | "secrets">

/** The kinds of failure that may have a rule of their own. */
const KINDS = ["transient", "crash", "timeout"]

const SETTINGS = ["retry", "timeout", "resources", "cache", "env"]

let schema: CheckedSchema | undefined

/** The pools that a stage may take shares of. */
export type Pools = ReadonlyMap<string, number>

/** Settings of a stage's tasks; where they don't depend on the member, they are worked out once. */
export class StageSettings {
  readonly #declaration: StageDeclaration
  readonly #scope: DocumentScope
  readonly #secrets: ReadonlyArray<string>
  readonly #pools: Pools
  readonly #diagnostics: Diagnostics
  readonly #isConstant: boolean
  #once: { readonly settings: TaskSettings | undefined } | undefined

  /** @param secrets those that the document gives to the stage */
  constructor(
    declaration: StageDeclaration,
    scope: DocumentScope,
    secrets: ReadonlyArray<string>,
    pools: Pools,
    diagnostics: Diagnostics,
  ) {
    this.#declaration = declaration
    this.#scope = scope
    this.#secrets = [...new Set([...(declaration.definition?.secrets ?? []), ...secrets])]
    this.#pools = pools
    this.#diagnostics = diagnostics
    this.#isConstant = !settingsIn(declaration).some(([, { value }]) => dependsOnMember(value))
  }

  /** The settings for one member; undefined when there are mistakes, which are reported. */
  of(matrix: MatrixValues): TaskSettings | undefined {
    if (!this.#isConstant) return this.#evaluate(matrix)
    this.#once ??= { settings: this.#evaluate(matrix) }
    return this.#once.settings
  }

  #evaluate(matrix: MatrixValues): TaskSettings | undefined {
    const value = settingsValue(this.#declaration, { ...this.#scope, matrix }, this.#diagnostics)
    // Most stages have none, and making the schema ready takes longer than all the rest.
    if (value.entries.size === 0) return taskSettings({}, this.#declaration.definition, this.#secrets)
    schema ??= prepareSchema(stageSettings)
    const check = schema.check(value)
    const wording = { part: partOfSettings, keyNoun: "key", owner: "", place: this.#declaration.span }
    reportSchemaErrors(check, value, wording, this.#diagnostics)
    const isGood = check.errors.length === 0 && !hasUnknown(value)
    const hasPools = this.#checkPools(value.entries.get("resources")?.value)
    return isGood && hasPools
      ? taskSettings(check.data, this.#declaration.definition, this.#secrets)
      : undefined
  }

  #checkPools(resources: Value | undefined): boolean {
    const bad = poolShares(resources).filter((share) => !this.#checkPool(share))
    return bad.length === 0
  }

  #checkPool({ name, key, most, span }: ReturnType<typeof poolShares>[number]): boolean {
    const size = this.#pools.get(name)
    if (size === undefined) {
      if (name === "network") return true
      const known = [...OF_THE_MACHINE, "network", ...this.#pools.keys()]
      const near = nearest(name, known)
      const hint =
        near === undefined
          ? `declare it at the top level: pools: { ${name}: 1 }`
          : `did you mean \`${near}\`?`
      this.#diagnostics.report(key, `there is no pool \`${name}\``, { hint })
      return false
    }
    if (most <= size) return true
    this.#diagnostics.report(
      span,
      `the pool \`${name}\` holds ${size}, so that nothing can take ${most} of it`,
    )
    return false
  }
}

/** Items of lists that a person may have written as one value aren't told apart. */
const partOfSettings = (path: ReadonlyArray<string>): string =>
  `\`${path.filter((segment) => !/^\d+$/.test(segment)).join(".")}\``

const settingsIn = ({ node }: StageDeclaration) =>
  [...entriesOf(node)].filter(([name]) => SETTINGS.includes(name))

const settingsValue = (
  declaration: StageDeclaration,
  scope: DocumentScope & { readonly matrix: MatrixValues },
  diagnostics: Diagnostics,
): MapNode<Value> => {
  const entries = settingsIn(declaration).map(([name, { key, value }]): [string, MapEntry<Value>] => {
    const evaluated = evaluate(value, { place: `\`${name}\``, ...scope }, diagnostics)
    if (name === "retry") return [name, { key, value: asRetryMap(evaluated, key) }]
    return [name, { key, value: name === "resources" ? asResourceLists(evaluated) : evaluated }]
  })
  return { kind: "map", entries: new Map(entries), span: declaration.span }
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

const taskSettings = (
  data: Json,
  stage: AnyStage | undefined,
  secrets: ReadonlyArray<string>,
): TaskSettings => ({
  retry: retryPolicy(member(data, "retry")),
  timeout: durationOf(member(data, "timeout")),
  resources: resourcesOf(mapOf(member(data, "resources")), stage),
  cache: cacheOf(member(data, "cache")),
  environment: Object.fromEntries(
    Object.entries(mapOf(member(data, "env"))).map(([name, value]) => [name, String(value)]),
  ),
  secrets,
})

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

const mapOf = (data: Json | undefined): Readonly<Record<string, Json>> =>
  typeof data === "object" && data !== null ? Object.fromEntries(Object.entries(data)) : {}

const member = (data: Json | undefined, key: string): Json | undefined =>
  typeof data === "object" && data !== null && !Array.isArray(data)
    ? Object.entries(data).find(([name]) => name === key)?.[1]
    : undefined

const numberOf = (value: Json | undefined): number | undefined =>
  typeof value === "number" ? value : undefined

const durationOf = (value: Json | undefined): number | undefined =>
  typeof value === "string" ? parseDuration(value) : undefined
