import { Composer, type CST, type Document, Lexer, Parser, visit, type YAMLError } from "yaml"
import type { Diagnostics } from "./diagnostic.ts"
import type { DocumentNode } from "./node.ts"
import type { Source } from "./source.ts"
import { DEEPEST, NodeReader, spanOf } from "./yaml-nodes.ts"

/**
 * Reads YAML (1.2, core schema, one document) into located values.
 * Undefined when there is nothing that could be checked further; the reasons are in `diagnostics` then.
 */
export const parseYaml = (source: Source, diagnostics: Diagnostics): DocumentNode | undefined => {
  const tokens = tokensOf(source, diagnostics)
  if (tokens === undefined) return undefined
  const [document, second] = new Composer({
    uniqueKeys: false, // the reader looks for duplicates itself: in linear time, and with both places
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "error",
  }).compose(tokens, true, source.text.length)
  if (document === undefined || !reportErrors(document, source, diagnostics)) return undefined
  if (second !== undefined) {
    diagnostics.report(spanOf(source, second.range), "a file holds one document; another one begins here")
    return undefined
  }
  if (document.contents === null) {
    return { kind: "scalar", value: null, span: { source, start: 0, end: source.text.length } }
  }
  return new NodeReader(source, diagnostics).read(document.contents, 0)
}

/** The tokens, unless they nest so deeply that composing them would exhaust the stack. */
const tokensOf = (source: Source, diagnostics: Diagnostics): ReadonlyArray<CST.Token> | undefined => {
  const parser = new Parser()
  const tokens: Array<CST.Token> = []
  let offset = 0
  for (const lexeme of new Lexer().lex(source.text)) {
    tokens.push(...parser.next(lexeme))
    // Besides the collections, the stack holds the document and a scalar.
    if (parser.stack.length > DEEPEST + 2) {
      const span = { source, start: Math.min(offset, source.text.length), end: offset + 1 }
      diagnostics.report(span, `collections may be nested ${DEEPEST} deep; here they are nested deeper`)
      return undefined
    }
    offset = parser.offset
  }
  tokens.push(...parser.end())
  return tokens
}

/** After these the rest of the document still means what it says. */
const HARMLESS: ReadonlySet<string> = new Set([
  "ALIAS_PROPS",
  "BAD_ALIAS",
  "BAD_DQ_ESCAPE",
  "MULTIPLE_ANCHORS",
  "MULTIPLE_TAGS",
  "NON_STRING_KEY",
  "TAG_RESOLVE_FAILED",
])

/** Reports what the YAML reader found; false when the structure can't be trusted. */
const reportErrors = (document: Document, source: Source, diagnostics: Diagnostics): boolean => {
  const all = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const broken = all.find((error) => !HARMLESS.has(error.code))
  // What follows a broken place is mostly its echo.
  for (const error of all) {
    if (HARMLESS.has(error.code) || error === broken) reportError(error, document, source, diagnostics)
  }
  if (document.directives?.yaml.version !== "1.2") {
    diagnostics.report({ source, start: 0, end: source.text.indexOf("\n") }, "only YAML 1.2 is understood")
  }
  return broken === undefined
}

const reportError = (
  error: YAMLError,
  document: Document,
  source: Source,
  diagnostics: Diagnostics,
): void => {
  const [start, end] = error.pos
  if (/^Missing closing .quote/.test(error.message)) {
    const opening = scalarStart(document, start)
    diagnostics.report({ source, start: opening, end: opening + 1 }, "this quote isn't closed")
    return
  }
  const line = source.lineOf(start)
  const hint = line.includes("${{")
    ? `quote the expression where it stands inside { } or [ ]: "\${{ … }}"`
    : HINTS[error.code]
  diagnostics.report({ source, start, end }, MESSAGES[error.code] ?? `YAML: ${sentence(error.message)}`, {
    hint,
  })
}

/** Where the scalar that reaches up to an offset begins. */
const scalarStart = (document: Document, offset: number): number => {
  let start = offset
  visit(document, {
    Scalar: (_key, { range }) => {
      if (range && range[0] < offset && range[1] >= offset) start = range[0]
    },
  })
  return start
}

const MESSAGES: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "YAML: a second `key:` on one line",
  NON_STRING_KEY: "a key must be a text",
  TAG_RESOLVE_FAILED: "tags of one's own aren't understood; only those of YAML's core schema are",
}

const HINTS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "quote a text that contains `: `, and give each key its own line",
  NON_STRING_KEY: 'quote it: "1"',
  TAB_AS_INDENT: "indent with spaces",
}

const sentence = (message: string): string => message.charAt(0).toLowerCase() + message.slice(1)
