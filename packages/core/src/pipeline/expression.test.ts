// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { BINDING, type BinaryOperator, type Expression, printExpression } from "./expression.ts"
import { ExpressionError } from "./expression-lexer.ts"
import { parseExpressionAt } from "./expression-parser.ts"
import { parseTemplate } from "./template.ts"

const operators: ReadonlyArray<BinaryOperator> = ["||", "&&", "==", "!=", "<", "<=", ">", ">="]
const place = { start: 0, end: 0 }

const literal: fc.Arbitrary<Expression> = fc
  .oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    fc.boolean(),
    fc.constant(null),
  )
  .map((value) => ({ kind: "literal", value, ...place }))

const name: fc.Arbitrary<Expression> = fc
  .array(fc.stringMatching(/^[A-Za-z_][\w-]{0,5}$/), { minLength: 2, maxLength: 4 })
  .map((segments) => ({ kind: "name", segments, ...place }))

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    literal,
    name,
    tie("expression").map((operand): Expression => ({ kind: "not", operand, ...place })),
    fc
      .tuple(fc.constantFrom(...operators), tie("expression"), tie("expression"))
      .map(([operator, left, right]): Expression => ({ kind: "binary", operator, left, right, ...place })),
  ),
}))

/** The expression without its places. */
const bare = (parsed: Expression): unknown =>
  JSON.parse(JSON.stringify(parsed, (key, value) => (key === "start" || key === "end" ? 0 : value)))

test("printing and parsing an expression gives it back", () => {
  fc.assert(
    fc.property(expression, (given) => {
      const text = printExpression(given)
      const { expression: parsed, last } = parseExpressionAt(text, 0)
      expect(last.kind).toBe("end")
      expect(bare(parsed)).toEqual(bare(given))
      expect(printExpression(parsed)).toBe(text)
    }),
  )
})

test("any text is a template or an error with a place in it", () => {
  const piece = fc.constantFrom(
    "${{",
    "}}",
    "(",
    ")",
    "!",
    "params.x",
    "'",
    '"',
    "==",
    "<",
    "&",
    "1",
    " ",
    "$",
    "\n",
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join("")),
      ),
      (text) => {
        const template = parseTemplate(text)
        if (!(template instanceof ExpressionError)) return
        expect(template.start).toBeGreaterThanOrEqual(0)
        expect(template.end).toBeLessThanOrEqual(text.length)
        expect(template.message).not.toBe("")
      },
    ),
    { numRuns: 1000 },
  )
})

test("long and deep expressions are refused, not fatal", () => {
  for (const text of [
    `\${{ ${"(".repeat(100_000)} }}`,
    `\${{ ${"!".repeat(100_000)}a }}`,
    `\${{ ${"1||".repeat(9999)}1 }}`,
  ]) {
    expect(parseTemplate(text)).toBeInstanceOf(ExpressionError)
  }
})

describe("templates", () => {
  test("a whole expression may have space around it", () => {
    expect(parseTemplate(" ${{ params.seed }}\n")).toMatchObject({ kind: "whole" })
  })

  test("text and expressions mix, and strings may hold the closing braces", () => {
    expect(parseTemplate("a ${{ 'it''s }}' }} b")).toMatchObject({
      kind: "mixed",
      parts: ["a ", { kind: "literal", value: "it's }}" }, " b"],
    })
  })

  test("$${{ stands for itself", () => {
    expect(parseTemplate("echo $${{ x }}")).toEqual({ kind: "text", text: "echo ${{ x }}" })
  })

  test.each([
    ["${{ params.seed", "bad expression: its closing `}}` is missing", 0],
    ["${{ }}", "bad expression: something is missing before `}}`", 4],
    ["${{ a.b = 1 }}", "bad expression: unexpected `=`", 8],
    ["${{ (a.b }}", "bad expression: this parenthesis isn't closed", 4],
    ["${{ a.b c.d }}", "bad expression: unexpected `c.d`", 8],
    ["x ${{ 'abc }}", "bad expression: unexpected `'`", 6],
  ])("%s", (text, message, start) => {
    expect(parseTemplate(text)).toMatchObject({ message, start })
  })
})

test("operators bind as in other languages", () => {
  expect(Object.keys(BINDING)).toHaveLength(8)
  const { expression: parsed } = parseExpressionAt("!a.b == c.d || e.f < 1 && (g.h || i.j)", 0)
  expect(printExpression(parsed)).toBe("!a.b == c.d || e.f < 1 && (g.h || i.j)")
  expect(parsed).toMatchObject({ operator: "||", left: { operator: "==" }, right: { operator: "&&" } })
})
