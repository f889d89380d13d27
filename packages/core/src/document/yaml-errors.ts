import { type Document, visit, type YAMLError } from "yaml"
import type { Diagnostics } from "./diagnostic.ts"
import type { Source } from "./source.ts"

/** After these the rest of the document still means what it says. */
const HARMLESS: ReadonlySet<string> = new Set([
  "ALIAS_PROPS",
  "BAD_ALIAS",
  "BAD_DQ_ESCAPE",
  "MULTIPLE_ANCHORS",
  "MULTIPLE_TAGS",
  "NON_STRING_KEY",
  "TAB_AS_INDENT",
  "TAG_RESOLVE_FAILED",
])

/** Where the structure stops being what the text says, if anywhere. */
export const brokenAt = (document: Document): number | undefined =>
  errorsOf(document).find((error) => !HARMLESS.has(error.code))?.pos[0]

const errorsOf = (document: Document): ReadonlyArray<YAMLError> =>
  [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])

/** Reports what the YAML package found; false when the structure can't be trusted. */
export const reportYamlErrors = (document: Document, source: Source, diagnostics: Diagnostics): boolean => {
  const all = errorsOf(document)
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
  const hint = HINTS[error.code]
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
