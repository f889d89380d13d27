import type { Diagnostics, Span } from "../document/index.ts"
import type { BinaryOperator } from "./expression.ts"
import { describeValue, textOf, toJson, type Value } from "./value.ts"

/** What `left operator right` comes to; undefined when a mistake was reported, now or before. */
export const applyBinary = (
  operator: BinaryOperator,
  left: Value,
  right: Value,
  span: Span,
  diagnostics: Diagnostics,
): boolean | undefined => {
  switch (operator) {
    case "&&":
    case "||": {
      const first = isTrue(left, operator, diagnostics)
      const second = isTrue(right, operator, diagnostics)
      if (first === undefined || second === undefined) return undefined
      return operator === "&&" ? first && second : first || second
    }
    case "==":
    case "!=": {
      if (!isComparable(left, diagnostics) || !isComparable(right, diagnostics)) return undefined
      return (textOf(left) === textOf(right)) === (operator === "==")
    }
    default:
      return isOrdered(operator, left, right, span, diagnostics)
  }
}

/** The truth of an operand of a logical operator. */
export const isTrue = (value: Value, operator: string, diagnostics: Diagnostics): boolean | undefined => {
  if (!isComparable(value, diagnostics)) return undefined
  if (value.kind === "scalar" && typeof value.value === "boolean") return value.value
  diagnostics.report(value.span, `\`${operator}\` takes true or false, not ${describeValue(value)}`)
  return undefined
}

const isOrdered = (
  operator: "<" | "<=" | ">" | ">=",
  left: Value,
  right: Value,
  span: Span,
  diagnostics: Diagnostics,
): boolean | undefined => {
  if (!isComparable(left, diagnostics) || !isComparable(right, diagnostics)) return undefined
  const a = toJson(left)
  const b = toJson(right)
  const isPair =
    (typeof a === "number" && typeof b === "number") || (typeof a === "string" && typeof b === "string")
  if (!isPair) {
    const pair = `${describeValue(left)} and ${describeValue(right)}`
    diagnostics.report(span, `\`${operator}\` compares two numbers or two texts, not ${pair}`)
    return undefined
  }
  if (operator === "<") return a < b
  if (operator === "<=") return a <= b
  return operator === ">" ? a > b : a >= b
}

/** Outputs exist only while the pipeline runs: expressions can't look at them. */
const isComparable = (value: Value, diagnostics: Diagnostics): boolean => {
  if (value.kind === "unknown") return false
  if (value.kind !== "artefact" && value.kind !== "artefacts" && value.kind !== "dropped") return true
  diagnostics.report(
    value.span,
    "the output of a stage can't be compared: it isn't there before the pipeline runs",
  )
  return false
}
