import {
  type Diagnostics,
  type DocumentNode,
  isText,
  type Span,
  spanWithin,
  type TextNode,
} from "../document/index.ts"
import type { Expression } from "./expression.ts"
import { ExpressionError } from "./expression-lexer.ts"
import { nameValue, type Scope, spanOf } from "./names.ts"
import { applyBinary, isTrue } from "./operators.ts"
import { templateOf } from "./template.ts"
import { describeValue, type Value } from "./value.ts"

/** The value of a document's node, with its expressions filled in. Mistakes are reported and come to `unknown`. */
export const evaluate = (node: DocumentNode, scope: Scope, diagnostics: Diagnostics): Value =>
  settled(new Evaluator(scope, diagnostics).evaluate(node), diagnostics)

/** Only lists can do without the output of a stage that is left out. */
const settled = (value: Value, diagnostics: Diagnostics): Value => {
  if (value.kind !== "dropped") return value
  diagnostics.report(value.span, `the stage \`${value.stage}\` is left out, because its \`when\` is false`, {
    hint: "give this the same `when`, or take the output within a list, which is then shorter",
  })
  return { kind: "unknown", span: value.span }
}

class Evaluator {
  readonly #scope: Scope
  readonly #diagnostics: Diagnostics

  constructor(scope: Scope, diagnostics: Diagnostics) {
    this.#scope = scope
    this.#diagnostics = diagnostics
  }

  evaluate(node: DocumentNode): Value {
    if (isText(node)) return this.#evaluateText(node)
    if (node.kind === "scalar") return node
    if (node.kind === "list")
      return { ...node, items: node.items.flatMap((item) => this.#evaluateItem(item)) }
    const entries = new Map(
      [...node.entries].map(([name, { key, value }]) => [
        name,
        { key, value: settled(this.evaluate(value), this.#diagnostics) },
      ]),
    )
    return { ...node, entries }
  }

  /** Lists of outputs become part of the list that they stand in; what was left out is left out of it. */
  #evaluateItem(node: DocumentNode): ReadonlyArray<Value> {
    const value = this.evaluate(node)
    if (value.kind === "dropped") return []
    return value.kind === "artefacts" ? value.items : [value]
  }

  #evaluateText(node: TextNode): Value {
    const template = templateOf(node)
    if (template instanceof ExpressionError) {
      return this.#fail(spanWithin(node, template.start, template.end), template.message, template.hint)
    }
    if (template.kind === "text") return { ...node, value: template.text }
    if (template.kind === "whole") return this.#value(template.expression, node)
    return this.#join(template.parts, node)
  }

  #join(parts: ReadonlyArray<string | Expression>, node: TextNode): Value {
    let text = ""
    let origin: Span | undefined
    let isKnown = true
    for (const [index, part] of parts.entries()) {
      if (typeof part === "string") {
        text += part
        continue
      }
      const value = this.#value(part, node)
      if (value.kind === "scalar" && value.value !== null) {
        text += String(value.value)
        // A path that begins with a parameter is relative to what the parameter is relative to.
        if (index === 0) origin = value.origin
      } else {
        isKnown = false
        if (value.kind !== "unknown") this.#failToEmbed(value, spanWithin(node, part.start, part.end))
      }
    }
    if (!isKnown) return { kind: "unknown", span: node.span }
    return { kind: "scalar", value: text, span: node.span, ...(origin === undefined ? {} : { origin }) }
  }

  #failToEmbed(value: Value, span: Span): void {
    const isOutput = value.kind === "artefact" || value.kind === "artefacts" || value.kind === "dropped"
    if (isOutput) {
      this.#fail(
        span,
        "the output of a stage can't be part of a text",
        `it must be the whole value: \${{ stages.… }}`,
      )
    } else this.#fail(span, `${describeValue(value)} can't be part of a text`)
  }

  #value(expression: Expression, node: TextNode): Value {
    const span = spanOf(expression, node)
    switch (expression.kind) {
      case "literal":
        return { kind: "scalar", value: expression.value, span }
      case "name":
        return nameValue(expression, node, this.#scope, this.#diagnostics)
      case "not": {
        const operand = this.#value(expression.operand, node)
        const truth = isTrue(operand, "!", this.#diagnostics)
        return truth === undefined ? { kind: "unknown", span } : { kind: "scalar", value: !truth, span }
      }
      case "binary": {
        const left = this.#value(expression.left, node)
        const right = this.#value(expression.right, node)
        const value = applyBinary(expression.operator, left, right, span, this.#diagnostics)
        return value === undefined ? { kind: "unknown", span } : { kind: "scalar", value, span }
      }
    }
  }

  #fail(span: Span, message: string, hint?: string): Value {
    this.#diagnostics.report(span, message, { hint })
    return { kind: "unknown", span }
  }
}
