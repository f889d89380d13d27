import { BINDING, type BinaryOperator, type Stretch } from "./expression.ts"

export type Token = Stretch &
  (
    | { readonly kind: "literal"; readonly value: string | number | boolean | null }
    | { readonly kind: "name"; readonly segments: ReadonlyArray<string> }
    | { readonly kind: "operator"; readonly text: BinaryOperator }
    | { readonly kind: "symbol"; readonly text: "!" | "(" | ")" | "}}" }
    | { readonly kind: "end" }
  )

/** Why a text is no expression, with offsets into that text. */
export class ExpressionError extends Error implements Stretch {
  readonly start: number
  readonly end: number
  readonly hint: string | undefined

  constructor(message: string, { start, end }: Stretch, hint?: string) {
    super(message)
    this.start = start
    this.end = end
    this.hint = hint
  }
}

const SPACE = /\s*/y
const NUMBER = /-?\d+(\.\d+)?([eE][-+]?\d+)?/y
/** `*` stands for all members of a stage's matrix: `stages.train.*.outputs.model`. */
const NAME = /[A-Za-z_][\w-]*(\.([\w-]+|\*))*/y
const TEXT = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y
const OPERATOR = /\|\||&&|==|!=|<=|>=|<|>/y
const SYMBOL = /!|\(|\)|\}\}/y

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
])

/**
 * The token at or after an offset.
 *
 * @throws ExpressionError where no token begins
 */
export const tokenAt = (text: string, offset: number): Token => {
  const start = offset + (match(SPACE, text, offset)?.length ?? 0)
  if (start >= text.length) return { kind: "end", start: text.length, end: text.length }
  return (
    numberAt(text, start) ??
    textAt(text, start) ??
    nameAt(text, start) ??
    symbolAt(text, start) ??
    fail(text, start)
  )
}

const match = (pattern: RegExp, text: string, offset: number): string | undefined => {
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0]
}

const numberAt = (text: string, start: number): Token | undefined => {
  const found = match(NUMBER, text, start)
  if (found === undefined) return undefined
  const stretch = { start, end: start + found.length }
  const value = Number(found)
  if (!Number.isFinite(value)) throw new ExpressionError("this number is too large", stretch)
  return { kind: "literal", value, ...stretch }
}

const textAt = (text: string, start: number): Token | undefined => {
  const found = match(TEXT, text, start)
  if (found === undefined) return undefined
  const quote = found.charAt(0)
  const value = found.slice(1, -1).replaceAll(quote + quote, quote)
  return { kind: "literal", value, start, end: start + found.length }
}

const nameAt = (text: string, start: number): Token | undefined => {
  const found = match(NAME, text, start)
  if (found === undefined) return undefined
  const stretch = { start, end: start + found.length }
  const constant = CONSTANTS.get(found)
  return constant === undefined
    ? { kind: "name", segments: found.split("."), ...stretch }
    : { kind: "literal", value: constant, ...stretch }
}

const symbolAt = (text: string, start: number): Token | undefined => {
  const operator = match(OPERATOR, text, start)
  if (operator !== undefined && isOperator(operator)) {
    return { kind: "operator", text: operator, start, end: start + operator.length }
  }
  const symbol = match(SYMBOL, text, start)
  if (symbol === "!" || symbol === "(" || symbol === ")" || symbol === "}}") {
    return { kind: "symbol", text: symbol, start, end: start + symbol.length }
  }
  return undefined
}

const isOperator = (text: string): text is BinaryOperator => Object.hasOwn(BINDING, text)

const HINTS: Readonly<Record<string, string>> = {
  "=": "write == to compare",
  "&": "write && for and",
  "|": "write || for or",
  "'": "the text's closing quote is missing",
  '"': "the text's closing quote is missing",
}

const fail = (text: string, start: number): never => {
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const stretch = { start, end: start + character.length }
  throw new ExpressionError(`bad expression: unexpected \`${character}\``, stretch, HINTS[character])
}
