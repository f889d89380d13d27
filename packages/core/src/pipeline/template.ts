import type { TextNode } from "../document/index.ts"
import type { Expression } from "./expression.ts"
import { ExpressionError } from "./expression-lexer.ts"
import { parseExpressionAt } from "./expression-parser.ts"

/** A text of a document, taken apart. */
export type Template =
  /** No expressions. */
  | { readonly kind: "text"; readonly text: string }
  /** One expression and nothing else: its value keeps its type. */
  | { readonly kind: "whole"; readonly expression: Expression }
  /** Text with expressions in it: becomes text. */
  | { readonly kind: "mixed"; readonly parts: ReadonlyArray<string | Expression> }

const OPENING = "${{"
/** Writes `${{` that is meant as it stands. */
const ESCAPED_OPENING = "$${{"

const parsed = new WeakMap<TextNode, Template | ExpressionError>()

/** A document's text, taken apart once however often it is evaluated. */
export const templateOf = (node: TextNode): Template | ExpressionError => {
  const known = parsed.get(node)
  if (known !== undefined) return known
  const template = parseTemplate(node.value)
  parsed.set(node, template)
  return template
}

/** The expressions of a text; none where it isn't well formed. */
export const expressionsIn = (node: TextNode): ReadonlyArray<Expression> => {
  const template = templateOf(node)
  if (template instanceof ExpressionError || template.kind === "text") return []
  if (template.kind === "whole") return [template.expression]
  return template.parts.filter((part) => typeof part !== "string")
}

/** Takes a text apart; the error if one of its expressions isn't well formed. Never throws. */
export const parseTemplate = (text: string): Template | ExpressionError => {
  if (!text.includes(OPENING)) return { kind: "text", text }
  try {
    return simplify(split(text))
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
}

const split = (text: string): ReadonlyArray<string | Expression> => {
  const parts: Array<string | Expression> = []
  let literal = ""
  let offset = 0
  for (;;) {
    const opening = text.indexOf(OPENING, offset)
    if (opening === -1) return [...parts, literal + text.slice(offset)]
    if (opening > offset && text.startsWith(ESCAPED_OPENING, opening - 1)) {
      literal += text.slice(offset, opening - 1) + OPENING
      offset = opening + OPENING.length
      continue
    }
    const { expression, last } = parseExpressionAt(text, opening + OPENING.length)
    if (last.kind === "end") {
      const stretch = { start: opening, end: opening + OPENING.length }
      throw new ExpressionError("bad expression: its closing `}}` is missing", stretch)
    }
    parts.push(literal + text.slice(offset, opening), expression)
    literal = ""
    offset = last.end
  }
}

const simplify = (parts: ReadonlyArray<string | Expression>): Template => {
  const filled = parts.filter((part) => typeof part !== "string" || part !== "")
  const meant = filled.filter((part) => typeof part !== "string" || part.trim() !== "")
  const [first] = meant
  if (meant.length === 1 && first !== undefined && typeof first !== "string")
    return { kind: "whole", expression: first }
  if (filled.every((part) => typeof part === "string")) return { kind: "text", text: filled.join("") }
  return { kind: "mixed", parts: filled }
}
