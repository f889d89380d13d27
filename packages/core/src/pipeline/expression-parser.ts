import { BINDING, type Expression } from "./expression.ts"
import { ExpressionError, type Token, tokenAt } from "./expression-lexer.ts"

/** More tokens than a person would write; keeps hostile texts from exhausting the stack. */
const MOST_TOKENS = 500

/**
 * Parses the expression at an offset of a text, up to `}}` or the text's end (Pratt's method).
 *
 * @throws ExpressionError
 */
export const parseExpressionAt = (text: string, offset: number): { expression: Expression; last: Token } => {
  const parser = new ExpressionParser(text, offset)
  const expression = parser.parse(0)
  const last = parser.next
  const closes = last.kind === "end" || (last.kind === "symbol" && last.text === "}}")
  if (!closes) throw unexpected(last, text)
  return { expression, last }
}

class ExpressionParser {
  readonly #text: string
  #next: Token
  #count = 0

  constructor(text: string, offset: number) {
    this.#text = text
    this.#next = tokenAt(text, offset)
  }

  get next(): Token {
    return this.#next
  }

  /** An expression whose operators all bind tighter than the given strength. */
  parse(strength: number): Expression {
    let left = this.#parseOperand()
    for (;;) {
      const token = this.#next
      if (token.kind !== "operator" || BINDING[token.text] <= strength) return left
      this.#advance()
      const right = this.parse(BINDING[token.text])
      left = { kind: "binary", operator: token.text, left, right, start: left.start, end: right.end }
    }
  }

  #parseOperand(): Expression {
    const token = this.#next
    if (token.kind === "literal" || token.kind === "name") {
      this.#advance()
      return token
    }
    if (token.kind !== "symbol" || token.text === ")" || token.text === "}}")
      throw unexpected(token, this.#text)
    this.#advance()
    return token.text === "!" ? this.#parseNot(token.start) : this.#parseGroup(token)
  }

  #parseNot(start: number): Expression {
    const operand = this.#parseOperand()
    return { kind: "not", operand, start, end: operand.end }
  }

  #parseGroup(opening: Token): Expression {
    const inner = this.parse(0)
    const closing = this.#next
    if (closing.kind !== "symbol" || closing.text !== ")") {
      throw new ExpressionError("bad expression: this parenthesis isn't closed", opening)
    }
    this.#advance()
    return { ...inner, start: opening.start, end: closing.end }
  }

  #advance(): void {
    this.#count += 1
    if (this.#count > MOST_TOKENS) throw new ExpressionError("bad expression: it is too long", this.#next)
    this.#next = tokenAt(this.#text, this.#next.end)
  }
}

const unexpected = (token: Token, text: string): ExpressionError => {
  if (token.kind === "end") return new ExpressionError("bad expression: it ends too early", token)
  const found = text.slice(token.start, token.end)
  if (found === "}}") return new ExpressionError("bad expression: something is missing before `}}`", token)
  return new ExpressionError(`bad expression: unexpected \`${found}\``, token)
}
