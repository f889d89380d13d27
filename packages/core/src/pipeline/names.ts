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

/** What the names in an expression may refer to; what is absent isn't allowed there. */
export interface Scope {
  /** The place, in words, for those names that aren't allowed: `when`. */
  readonly place: string
  readonly params?: ReadonlyMap<string, Value>
  readonly matrix?: ReadonlyMap<string, Value>
  readonly output?: (request: OutputRequest) => Value
}

/** A reference to `stages.STAGE.outputs.OUTPUT`, with the places of the two names. */
export interface OutputRequest {
  readonly stage: string
  readonly output: string
  readonly text: string
  readonly span: Span
  readonly stageSpan: Span
  readonly outputSpan: Span
}

type Name = Extract<Expression, { readonly kind: "name" }>

/** What a name refers to, seen from there. */
export const nameValue = (name: Name, node: TextNode, scope: Scope, diagnostics: Diagnostics): Value => {
  const span = spanWithin(node, name.start, name.end)
  const [root = ""] = name.segments
  const fail = (message: string, hint?: string, at: Span = span): Value => {
    diagnostics.report(at, message, { hint })
    return { kind: "unknown", span }
  }
  if (root !== "params" && root !== "matrix" && root !== "stages") return fail(...unknownRoot(name, scope))
  const isAllowed = { params: scope.params, matrix: scope.matrix, stages: scope.output }[root] !== undefined
  if (!isAllowed) return fail(notAllowed(root, scope))
  if (root === "stages") {
    const request = outputRequest(name, node)
    if (request !== undefined && scope.output !== undefined) return scope.output(request)
    return fail("a reference to an output is written stages.STAGE.outputs.OUTPUT")
  }
  return memberValue(name, node, scope[root] ?? new Map(), diagnostics)
}

const unknownRoot = ({ segments }: Name, scope: Scope): readonly [string, string | undefined] => {
  const [root = ""] = segments
  const message = `unknown name \`${root}\``
  if (scope.matrix?.has(root)) return [message, `did you mean \`matrix.${root}\`?`]
  if (scope.params?.has(root)) return [message, `did you mean \`params.${root}\`?`]
  if (segments.length === 1) return [message, `a text stands in quotes: '${root}'`]
  return [message, `did you mean \`${nearest(root, ["params", "matrix", "stages"]) ?? "params"}\`?`]
}

const notAllowed = (root: string, scope: Scope): string => {
  if (root === "matrix" && scope.output !== undefined) return "there is no matrix here"
  const allowed = [
    ...(scope.params === undefined ? [] : ["`params`"]),
    ...(scope.matrix === undefined ? [] : ["`matrix`"]),
    ...(scope.output === undefined ? [] : ["`stages`"]),
  ]
  return `\`${root}\` can't be used in ${scope.place}, only ${allowed.join(" and ")}`
}

/** The request that a name makes, if it has the form of one. */
export const outputRequest = (name: Name, node: TextNode): OutputRequest | undefined => {
  const [root, stage, outputs, output, ...rest] = name.segments
  if (root !== "stages" || stage === undefined || outputs !== "outputs" || output === undefined)
    return undefined
  if (rest.length > 0) return undefined
  const stageStart = name.start + "stages.".length
  return {
    stage,
    output,
    text: name.segments.join("."),
    span: spanWithin(node, name.start, name.end),
    stageSpan: spanWithin(node, stageStart, stageStart + stage.length),
    outputSpan: spanWithin(node, name.end - output.length, name.end),
  }
}

/** What `params.a.b` or `matrix.a.b` refers to. */
const memberValue = (
  { segments, start, end }: Name,
  node: TextNode,
  members: ReadonlyMap<string, Value>,
  diagnostics: Diagnostics,
): Value => {
  const [root = "", first, ...rest] = segments
  const span = spanWithin(node, start, end)
  if (first === undefined) {
    diagnostics.report(span, `\`${root}\` needs a name after it`, { hint: `write ${root}.NAME` })
    return { kind: "unknown", span }
  }
  let offset = start + root.length + 1
  const value = members.get(first)
  if (value === undefined) {
    const noun = root === "params" ? "param" : "matrix key"
    const at = spanWithin(node, offset, offset + first.length)
    const hint = `there is no ${noun} here at all`
    diagnostics.reportUnknownName(at, `unknown ${noun} \`${first}\``, first, members.keys(), hint)
    return { kind: "unknown", span: at }
  }
  let within = value
  for (const [index, segment] of rest.entries()) {
    offset += (rest[index - 1] ?? first).length + 1
    const path = [root, first, ...rest.slice(0, index)].join(".")
    within = entryValue(within, segment, path, spanWithin(node, offset, offset + segment.length), diagnostics)
  }
  return seenFrom(within, span)
}

const entryValue = (value: Value, key: string, path: string, span: Span, diagnostics: Diagnostics): Value => {
  if (value.kind === "unknown") return value
  const entry = value.kind === "map" ? value.entries.get(key) : undefined
  if (entry !== undefined) return entry.value
  const known = value.kind === "map" ? value.entries.keys() : []
  diagnostics.report(span, `\`${path}\` has no \`${key}\``, { hint: didYouMean(key, known) })
  return { kind: "unknown", span }
}
