import type { TextNode } from "./node.ts"
import type { Span } from "./source.ts"

/**
 * The span of a part of a text scalar, given by offsets into its value.
 * Quoting, escapes, folding and indentation make the value differ from what stands in the source; both are walked
 * side by side.
 */
export const spanWithin = ({ value, span }: TextNode, start: number, end: number): Span => {
  const raw = span.source.text.slice(span.start, span.end)
  if (raw === value) return { source: span.source, start: span.start + start, end: span.start + end }
  const walker = new RawWalker(raw)
  let from = raw.length
  let to = raw.length
  for (let index = 0; index < Math.min(end, value.length); index++) {
    const [first, next] = walker.take(value[index] ?? "")
    if (index === start) from = first
    if (index === end - 1) to = next
  }
  if (start >= value.length) from = walker.position
  return { source: span.source, start: span.start + from, end: span.start + Math.max(from, to) }
}

class RawWalker {
  readonly #raw: string
  readonly #quote: string
  #position: number
  /** The second half of a character that one escape stands for. */
  #pending = false

  constructor(raw: string) {
    this.#raw = raw
    this.#quote = raw[0] ?? ""
    const isBlock = this.#quote === "|" || this.#quote === ">"
    this.#position = isBlock ? raw.indexOf("\n") + 1 : this.#quote === "'" || this.#quote === '"' ? 1 : 0
  }

  get position(): number {
    return this.#position
  }

  /** Where the next character of the value stands: its start and the end of it. */
  take(character: string): readonly [number, number] {
    if (this.#quote === '"') return this.#takeEscaped(character)
    if (this.#raw[this.#position] !== character) this.#skipSpace(character)
    const first = this.#position
    this.#position += this.#quote === "'" && character === "'" ? 2 : 1
    return [first, this.#position]
  }

  #takeEscaped(character: string): readonly [number, number] {
    const raw = this.#raw
    while (/^\\\r?\n/.test(raw.slice(this.#position, this.#position + 3))) {
      this.#position += 1
      this.#skipSpace(character)
    }
    if (raw[this.#position] !== "\\") {
      if (raw[this.#position] !== character) this.#skipSpace(character)
      const first = this.#position
      this.#position += 1
      return [first, this.#position]
    }
    const first = this.#position
    const length = { x: 4, u: 6, U: 10 }[raw[first + 1] ?? ""] ?? 2
    const isFirstHalf = length === 10 && !this.#pending && /[\ud800-\udbff]/.test(character)
    this.#pending = isFirstHalf
    if (!isFirstHalf) this.#position += length
    return [first, first + length]
  }

  /** Line ends and indentation that aren't part of the value, or that stand for one space of it. */
  #skipSpace(character: string): void {
    const isBlank = character === " " || character === "\n"
    while (/\s/.test(this.#raw[this.#position] ?? "") && this.#raw[this.#position] !== character) {
      if (isBlank && !/\s/.test(this.#raw[this.#position + 1] ?? "")) return
      this.#position += 1
    }
  }
}
