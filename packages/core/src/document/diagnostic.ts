import type { Location } from "./location.ts"
import { didYouMean, nearest } from "./nearest.ts"
import type { Span } from "./source.ts"

/** One mistake: what is wrong, where, and what to do about it. Plain data, fit for JSON as it is. */
export interface Diagnostic extends Location {
  readonly message: string
  /** What the reader can do. */
  readonly hint?: string
  /** Another place that has to do with it. */
  readonly related?: Location & { readonly message: string }
  /** The offending line, and how many columns of it are meant. */
  readonly excerpt?: { readonly line: string; readonly length: number }
}

/** What may be said besides the message. */
export interface DiagnosticDetails {
  readonly hint?: string | undefined
  readonly related?: { readonly span: Span; readonly message: string } | undefined
}

/** Collects mistakes, so that all of them can be told at once. */
export class Diagnostics {
  readonly #found = new Map<string, Diagnostic>()
  #namesMayBeMissing = false
  #context: DiagnosticDetails["related"]

  /** Notes a mistake; the same words about the same place count once. */
  report(span: Span, message: string, details: DiagnosticDetails = {}): void {
    const diagnostic = diagnosticAt(span, message, { ...details, related: details.related ?? this.#context })
    const key = JSON.stringify([diagnostic.file, diagnostic.line, diagnostic.column, message])
    if (!this.#found.has(key)) this.#found.set(key, diagnostic)
  }

  /**
   * Notes a name that nothing has. While names may be missing (see {@link expectMissingNames}) only those are noted
   * that a known name comes near to.
   */
  reportUnknownName(span: Span, message: string, name: string, known: Iterable<string>, hint?: string): void {
    const names = [...known]
    if (this.#namesMayBeMissing && nearest(name, names) === undefined) return
    this.report(span, message, { hint: didYouMean(name, names) ?? hint })
  }

  /** Notes where a document is used while a mistake in it may be found: told with those that name no other place. */
  within<A>(span: Span, message: string, check: () => A): A {
    const outer = this.#context
    this.#context = { span, message }
    const result = check()
    this.#context = outer
    return result
  }

  /** Adds what was found elsewhere. */
  include(other: Diagnostics): void {
    for (const [key, diagnostic] of other.#found) this.#found.set(key, diagnostic)
    if (other.#namesMayBeMissing) this.#namesMayBeMissing = true
  }

  /** A file that may declare names couldn't be read: what isn't known need not be a mistake. */
  expectMissingNames(): void {
    this.#namesMayBeMissing = true
  }

  get namesMayBeMissing(): boolean {
    return this.#namesMayBeMissing
  }

  get isEmpty(): boolean {
    return this.#found.size === 0
  }

  /** All mistakes: by file, and by place within a file. */
  sorted(): ReadonlyArray<Diagnostic> {
    const all = [...this.#found.values()]
    const files = [...new Set(all.map((diagnostic) => diagnostic.file))].sort()
    return all.sort(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    )
  }
}

const diagnosticAt = (span: Span, message: string, { hint, related }: DiagnosticDetails): Diagnostic => ({
  ...span.source.locate(span.start),
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(related === undefined
    ? {}
    : { related: { ...related.span.source.locate(related.span.start), message: related.message } }),
  ...(span.source.text === "" ? {} : { excerpt: excerptOf(span) }),
})

const excerptOf = ({ source, start, end }: Span): { line: string; length: number } => {
  const line = source.lineOf(start)
  const marked = source.text.slice(start, end).split("\n", 1)[0] ?? ""
  return { line, length: Math.max(1, [...marked.trimEnd()].length) }
}
