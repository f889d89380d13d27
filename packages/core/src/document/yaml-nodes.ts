import { type Alias, isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from "yaml"
import type { Diagnostics } from "./diagnostic.ts"
import type { DocumentNode, MapEntry } from "./node.ts"
import type { Source, Span } from "./source.ts"

/** How deep collections may nest. */
export const DEEPEST = 64
/** Values in all, those that aliases repeat counted each time. */
const MOST_VALUES = 100_000

/** The span of what the YAML package found there; never empty. */
export const spanOf = (source: Source, range: readonly [number, number, number]): Span => ({
  source,
  start: range[0],
  end: Math.max(range[1], range[0] + 1),
})

/** Turns the YAML package's nodes into located values, with aliases written out. */
export class NodeReader {
  readonly #source: Source
  readonly #text: string
  readonly #diagnostics: Diagnostics
  readonly #anchors = new Map<string, ParsedNode>()
  readonly #open = new Set<ParsedNode>()
  #count = 0

  /** @param text the source as it was read: of the same length, but what was repaired in it differs */
  constructor(source: Source, text: string, diagnostics: Diagnostics) {
    this.#source = source
    this.#text = text
    this.#diagnostics = diagnostics
  }

  /** Undefined when the document is too large to go on. */
  read(node: ParsedNode, depth: number): DocumentNode | undefined {
    const span = spanOf(this.#source, node.range)
    this.#count += 1
    if (this.#count > MOST_VALUES || depth > DEEPEST) {
      const limits = `${MOST_VALUES} values, nested ${DEEPEST} deep`
      this.#diagnostics.report(
        span,
        `with its aliases written out, a document may hold ${limits}; this one holds more`,
      )
      return undefined
    }
    if (isAlias(node)) return this.#readAlias(node, span, depth)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    if (isScalar(node)) return { kind: "scalar", value: this.#scalarValue(node.value, span), span }
    this.#open.add(node)
    const read = isMap(node) ? this.#readMap(node, span, depth) : this.#readList(node.items, span, depth)
    this.#open.delete(node)
    return read
  }

  #readAlias(alias: Alias, span: Span, depth: number): DocumentNode | undefined {
    const target = this.#anchors.get(alias.source)
    if (target !== undefined && !this.#open.has(target)) return this.read(target, depth + 1)
    const message =
      target === undefined ? "no anchor of this name stands before it" : "it stands within its own anchor"
    this.#diagnostics.report(span, `alias \`*${alias.source}\`: ${message}`)
    return { kind: "scalar", value: null, span }
  }

  #readList(items: ReadonlyArray<unknown>, span: Span, depth: number): DocumentNode | undefined {
    const read: Array<DocumentNode> = []
    for (const item of items) {
      if (!isParsedNode(item)) continue
      const value = this.read(item, depth + 1)
      if (value === undefined) return undefined
      read.push(value)
    }
    return { kind: "list", items: read, span }
  }

  #readMap(map: YAMLMap.Parsed, span: Span, depth: number): DocumentNode | undefined {
    const entries = new Map<string, MapEntry<DocumentNode>>()
    for (const pair of map.items) {
      // What isn't a text was reported as an error of the YAML.
      if (!isScalar(pair.key) || typeof pair.key.value !== "string") continue
      const key = spanOf(this.#source, pair.key.range)
      const value = this.#readValue(pair.value, key, depth)
      if (value === undefined) return undefined
      this.#addEntry(entries, pair.key.value, { key, value })
    }
    return { kind: "map", entries, span }
  }

  /** A value that isn't written stands where its key does. */
  #readValue(node: ParsedNode | null, key: Span, depth: number): DocumentNode | undefined {
    if (node === null || (isScalar(node) && node.value === null && node.range[0] === node.range[1])) {
      return { kind: "scalar", value: null, span: key }
    }
    return this.read(node, depth + 1)
  }

  #addEntry(entries: Map<string, MapEntry<DocumentNode>>, name: string, entry: MapEntry<DocumentNode>): void {
    const first = entries.get(name)
    if (name === "__proto__") {
      this.#diagnostics.report(entry.key, "the key `__proto__` can't be used")
    } else if (first !== undefined) {
      this.#diagnostics.report(entry.key, `duplicate key \`${name}\``, {
        hint: "keep one of the two, or rename one",
        related: { span: first.key, message: "it stands here already" },
      })
    } else entries.set(name, entry)
  }

  #scalarValue(value: unknown, span: Span): string | number | boolean | null {
    const { source, start, end } = span
    const written = source.text.slice(start, end)
    if (written !== this.#text.slice(start, end)) return written
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value
    const isRounded = /^[-+]?\d+$/.test(written) && !Number.isSafeInteger(value)
    if (typeof value === "number" && Number.isFinite(value) && !isRounded) return value
    this.#diagnostics.report(span, "this number can't be kept exactly", {
      hint: "whole numbers go up to 9007199254740991; quote it if it is meant as a text",
    })
    return 0
  }
}

const isParsedNode = (item: unknown): item is ParsedNode =>
  isAlias(item) || isMap(item) || isSeq(item) || isScalar(item)
