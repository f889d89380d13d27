import {
  type Diagnostics,
  didYouMean,
  nearest,
  type Span,
  spanWithin,
  type TextNode,
} from "../document/index.ts"
import type { Expression } from "./expression.ts"
import { seenFrom, type Value } from "./value.ts"

/** What an expression may refer to wherever expressions may stand in one document. */
export interface DocumentScope {
  readonly params: ReadonlyMap<string, Value>
  /** The environment variables that the document declares. */
  readonly env: ReadonlyMap<string, Value>
  /** Names of environment variables that no expression may read. */
  readonly secrets: ReadonlySet<string>
}

/** What the names in an expression may refer to; what is absent isn't allowed there. */
export interface Scope extends Partial<DocumentScope> {
  /** The place, in words, for those names that aren't allowed: `when`. */
  readonly place: string
  readonly matrix?: ReadonlyMap<string, Value>
  readonly output?: (request: OutputRequest) => Value
}

/** A reference to `stages.STAGE.outputs.OUTPUT`, with the places of the two names. */
export interface OutputRequest {
  readonly stage: string
  /** Written `stages.STAGE.*.outputs.OUTPUT`: the outputs of all members. */
  readonly isOfAll: boolean
  readonly output: string
  readonly text: string
  readonly span: Span
  readonly stageSpan: Span
  readonly outputSpan: Span
}

type Name = Extract<Expression, { readonly kind: "name" }>

const spans = new WeakMap<Expression, Span>()

/** Where an expression stands. */
export const spanOf = (expression: Expression, node: TextNode): Span => {
  const known = spans.get(expression)
  if (known !== undefined) return known
  const span = spanWithin(node, expression.start, expression.end)
  spans.set(expression, span)
  return span
}

/** What a name refers to, seen from there. */
export const nameValue = (name: Name, node: TextNode, scope: Scope, diagnostics: Diagnostics): Value => {
  const span = spanOf(name, node)
  const fail = (message: string, hint?: string): Value => {
    diagnostics.report(span, message, { hint })
    return { kind: "unknown", span }
  }
  switch (name.segments[0]) {
    case "params":
      return scope.params === undefined
        ? fail(notAllowed("params", scope))
        : memberValue(name, node, scope.params, diagnostics)
    case "matrix":
      return scope.matrix === undefined
        ? fail(notAllowed("matrix", scope))
        : memberValue(name, node, scope.matrix, diagnostics)
    case "env":
      return scope.env === undefined
        ? fail(notAllowed("env", scope))
        : environmentValue(name, node, scope, scope.env, diagnostics)
    case "stages":
      return scope.output === undefined
        ? fail(notAllowed("stages", scope))
        : stageValue(name, node, scope.output, fail)
    case "secrets":
      return fail(...SECRET_USED)
    default:
      return fail(...unknownRoot(name, scope))
  }
}

const SECRET_USED = [
  "a secret can't be used in an expression: its value would get into keys, logs and reports",
  "a stage that has it in `secrets` finds it in its environment when it runs",
] as const

const stageValue = (
  name: Name,
  node: TextNode,
  output: (request: OutputRequest) => Value,
  fail: (message: string) => Value,
): Value => {
  const request = outputRequest(name, node)
  return request === undefined
    ? fail(
        "a reference to an output is written stages.STAGE.outputs.OUTPUT, or stages.STAGE.*.outputs.OUTPUT",
      )
    : output(request)
}

const environmentValue = (
  name: Name,
  node: TextNode,
  { secrets }: Scope,
  env: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): Value => {
  const span = spanOf(name, node)
  if (!secrets?.has(name.segments[1] ?? "")) return memberValue(name, node, env, diagnostics)
  const [message, hint] = SECRET_USED
  diagnostics.report(span, message, { hint })
  return { kind: "unknown", span }
}

const unknownRoot = ({ segments }: Name, scope: Scope): readonly [string, string | undefined] => {
  const [root = ""] = segments
  const message = `unknown name \`${root}\``
  if (scope.matrix?.has(root)) return [message, `did you mean \`matrix.${root}\`?`]
  if (scope.params?.has(root)) return [message, `did you mean \`params.${root}\`?`]
  if (segments.length === 1) return [message, `a text stands in quotes: '${root}'`]
  return [message, `did you mean \`${nearest(root, ["params", "matrix", "env", "stages"]) ?? "params"}\`?`]
}

const notAllowed = (root: string, scope: Scope): string => {
  if (root === "matrix" && scope.output !== undefined) return "there is no matrix here"
  const allowed = [
    ...(scope.params === undefined ? [] : ["`params`"]),
    ...(scope.matrix === undefined ? [] : ["`matrix`"]),
    ...(scope.env === undefined || scope.env.size === 0 ? [] : ["`env`"]),
    ...(scope.output === undefined ? [] : ["`stages`"]),
  ]
  return `\`${root}\` can't be used in ${scope.place}, only ${allowed.join(" and ")}`
}

const requests = new WeakMap<Name, OutputRequest>()

/** The request that a name makes, if it has the form of one. */
export const outputRequest = (name: Name, node: TextNode): OutputRequest | undefined => {
  const known = requests.get(name)
  if (known !== undefined) return known
  const isOfAll = name.segments[2] === "*"
  const [root, stage, outputs, output, ...rest] = isOfAll ? name.segments.toSpliced(2, 1) : name.segments
  if (root !== "stages" || stage === undefined || outputs !== "outputs" || output === undefined)
    return undefined
  if (rest.length > 0) return undefined
  const stageStart = name.start + "stages.".length
  const request = {
    stage,
    isOfAll,
    output,
    text: name.segments.join("."),
    span: spanOf(name, node),
    stageSpan: spanWithin(node, stageStart, stageStart + stage.length),
    outputSpan: spanWithin(node, name.end - output.length, name.end),
  }
  requests.set(name, request)
  return request
}

const NOUNS: Readonly<Record<string, string>> = {
  params: "param",
  matrix: "matrix key",
  env: "environment variable",
}

const DECLARE: Readonly<Record<string, string>> = {
  env: "declare it at the top level: env: { NAME: { default: … } }",
}

/** What `params.a.b`, `matrix.a.b` or `env.A` refers to. */
const memberValue = (
  name: Name,
  node: TextNode,
  members: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): Value => {
  const [root = "", first, ...rest] = name.segments
  const span = spanOf(name, node)
  if (first === undefined) {
    diagnostics.report(span, `\`${root}\` needs a name after it`, { hint: `write ${root}.NAME` })
    return { kind: "unknown", span }
  }
  const value = members.get(first)
  if (value === undefined) {
    const noun = NOUNS[root] ?? root
    const start = name.start + root.length + 1
    const at = spanWithin(node, start, start + first.length)
    const hint = DECLARE[root] ?? `there is no ${noun} here at all`
    diagnostics.reportUnknownName(at, `unknown ${noun} \`${first}\``, first, members.keys(), hint)
    return { kind: "unknown", span: at }
  }
  let within = value
  for (const depth of rest.keys()) within = entryValue(within, name, depth + 2, node, diagnostics)
  return seenFrom(within, span)
}

/** The entry that a segment of a name asks for, in the value of the segments before it. */
const entryValue = (
  value: Value,
  name: Name,
  depth: number,
  node: TextNode,
  diagnostics: Diagnostics,
): Value => {
  if (value.kind === "unknown") return value
  const key = name.segments[depth] ?? ""
  const entry = value.kind === "map" ? value.entries.get(key) : undefined
  if (entry !== undefined) return entry.value
  const known = value.kind === "map" ? value.entries.keys() : []
  const path = name.segments.slice(0, depth).join(".")
  const start = name.start + path.length + 1
  const span = spanWithin(node, start, start + key.length)
  diagnostics.report(span, `\`${path}\` has no \`${key}\``, { hint: didYouMean(key, known) })
  return { kind: "unknown", span }
}
