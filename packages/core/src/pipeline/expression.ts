/** What stands between `${{` and `}}`. Offsets are into the text that holds the expression. */
export type Expression =
  | (Stretch & { readonly kind: "literal"; readonly value: string | number | boolean | null })
  | (Stretch & { readonly kind: "name"; readonly segments: ReadonlyArray<string> })
  | (Stretch & { readonly kind: "not"; readonly operand: Expression })
  | (Stretch & {
      readonly kind: "binary"
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    })

export interface Stretch {
  readonly start: number
  readonly end: number
}

export type BinaryOperator = keyof typeof BINDING

/** How tightly the binary operators bind; `!` binds tighter than all. */
export const BINDING = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
} as const

const TIGHTEST = 5

/** The expression as text, with no more parentheses than it needs. Parsing it gives the same expression. */
export const printExpression = (expression: Expression): string => print(expression, 0)

const print = (expression: Expression, outer: number): string => {
  switch (expression.kind) {
    case "literal":
      return printLiteral(expression.value)
    case "name":
      return expression.segments.join(".")
    case "not":
      return `!${print(expression.operand, TIGHTEST)}`
    case "binary": {
      const binding = BINDING[expression.operator]
      const left = print(expression.left, binding)
      // Operators of the same strength group to the left.
      const text = `${left} ${expression.operator} ${print(expression.right, binding + 1)}`
      return binding < outer ? `(${text})` : text
    }
  }
}

const printLiteral = (value: string | number | boolean | null): string =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value)

/** The names that an expression refers to. */
export const namesIn = (
  expression: Expression,
): ReadonlyArray<Extract<Expression, { readonly kind: "name" }>> => {
  switch (expression.kind) {
    case "literal":
      return []
    case "name":
      return [expression]
    case "not":
      return namesIn(expression.operand)
    case "binary":
      return [...namesIn(expression.left), ...namesIn(expression.right)]
  }
}
