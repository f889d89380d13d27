import { Composer, type CST, type Document, Lexer, Parser } from "yaml"
import type { Diagnostics } from "./diagnostic.ts"
import type { DocumentNode } from "./node.ts"
import type { Source } from "./source.ts"
import { brokenAt, reportYamlErrors } from "./yaml-errors.ts"
import { DEEPEST, NodeReader, spanOf } from "./yaml-nodes.ts"

/**
 * Reads YAML (1.2, core schema, one document) into located values.
 * Undefined when there is nothing that could be checked further; the reasons are in `diagnostics` then.
 */
export const parseYaml = (source: Source, diagnostics: Diagnostics): DocumentNode | undefined => {
  const read = composeRepaired(source, diagnostics)
  if (read === undefined) return undefined
  const { document, second, text } = read
  if (!reportYamlErrors(document, source, diagnostics)) return undefined
  if (second !== undefined) {
    diagnostics.report(spanOf(source, second.range), "a file holds one document; another one begins here")
    return undefined
  }
  if (document.contents === null) {
    return { kind: "scalar", value: null, span: { source, start: 0, end: text.length } }
  }
  return new NodeReader(source, text, diagnostics).read(document.contents, 0)
}

interface Composed {
  readonly document: Document.Parsed
  readonly second: Document.Parsed | undefined
  /** What was read: the source, with unquoted expressions replaced by texts of the same length. */
  readonly text: string
}

/** More mistakes of one sort than a person would want to read about. */
const MOST_REPAIRS = 20

/**
 * Composes the document. An expression that stands without quotes in a flow collection is reported and then read as
 * if it were quoted, so that this frequent mistake doesn't hide all others.
 */
const composeRepaired = (source: Source, diagnostics: Diagnostics): Composed | undefined => {
  let text = source.text
  for (let repairs = 0; ; repairs++) {
    const composed = compose(text, source, diagnostics)
    const broken = composed === undefined ? undefined : brokenAt(composed.document)
    const start = (broken ?? 0) - 1
    const [unquoted] = broken === undefined ? [] : (/^\$\{\{[^\n]*?\}\}/.exec(text.slice(start)) ?? [])
    if (unquoted === undefined || repairs === MOST_REPAIRS) return composed
    diagnostics.report(
      { source, start, end: start + unquoted.length },
      "inside { } or [ ], an expression must be quoted",
      {
        hint: `write "${unquoted}"`,
      },
    )
    text = text.slice(0, start) + "x".repeat(unquoted.length) + text.slice(start + unquoted.length)
  }
}

const compose = (text: string, source: Source, diagnostics: Diagnostics): Composed | undefined => {
  const tokens = tokensOf(text, source, diagnostics)
  if (tokens === undefined) return undefined
  const [document, second] = new Composer({
    uniqueKeys: false, // the reader looks for duplicates itself: in linear time, and with both places
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "error",
  }).compose(tokens, true, text.length)
  return document === undefined ? undefined : { document, second, text }
}

/** The tokens, unless they nest so deeply that composing them would exhaust the stack. */
const tokensOf = (
  text: string,
  source: Source,
  diagnostics: Diagnostics,
): ReadonlyArray<CST.Token> | undefined => {
  const parser = new Parser()
  const tokens: Array<CST.Token> = []
  let offset = 0
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    // Besides the collections, the stack holds the document and a scalar.
    if (parser.stack.length > DEEPEST + 2) {
      const span = { source, start: Math.min(offset, text.length), end: offset + 1 }
      diagnostics.report(span, `collections may be nested ${DEEPEST} deep; here they are nested deeper`)
      return undefined
    }
    offset = parser.offset
  }
  tokens.push(...parser.end())
  return tokens
}
