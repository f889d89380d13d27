import fc from "fast-check"
import { expect, test } from "vitest"
import { type Diagnostic, Diagnostics, parseYaml, Source } from "../document/index.ts"
import { evaluate } from "./evaluation.ts"
import { type BinaryOperator, type Expression, printExpression } from "./expression.ts"
import type { Scope } from "./names.ts"
import { OutputReference } from "./pipeline.ts"
import { toJson, type Value } from "./value.ts"

const known = {
  params: {
    n: 1,
    big: 10,
    t: "text",
    empty: "",
    yes: true,
    no: false,
    none: null,
    list: [1, 2],
    map: { a: { b: 2 } },
  },
  matrix: { seed: 1, model: { name: "small" } },
  env: { HOME: "/home/me" },
}

const parse = (name: string, text: string, diagnostics: Diagnostics) =>
  parseYaml(new Source(name, "/", text), diagnostics)

const membersOf = (value: object): ReadonlyMap<string, Value> => {
  const node = parse("scope.yaml", JSON.stringify(value), new Diagnostics())
  return new Map(node?.kind === "map" ? [...node.entries].map(([name, entry]) => [name, entry.value]) : [])
}

const scopeWith = (diagnostics: Diagnostics): Scope => ({
  place: "`with`",
  params: membersOf(known.params),
  matrix: membersOf(known.matrix),
  env: membersOf(known.env),
  secrets: new Set(["MY_TOKEN"]),
  output: ({ stage, output, text, span, stageSpan }) => {
    if (stage === "train")
      return { kind: "artefact", reference: new OutputReference(stage, output), artefact: "any", text, span }
    diagnostics.report(stageSpan, `there is no stage \`${stage}\``)
    return { kind: "unknown", span }
  },
})

/** The document's one line, or several, with the text as a value. */
const quotings: ReadonlyArray<(text: string) => string> = [
  (text) => `a: 1\nvalue: ${JSON.stringify(text)}\n`,
  (text) => `value: '${text.replaceAll("'", "''")}'`,
  (text) => `value: |-\n${text.replace(/^/gm, "  ")}\n`,
  (text) => `value: >-\n${text.replace(/^/gm, "    ")}\nb: 2\n`,
]

/** What a text in a document comes to, and the mistakes in it. */
const evaluated = (document: string) => {
  const diagnostics = new Diagnostics()
  const root = parse("main.yaml", document, diagnostics)
  const node = root?.kind === "map" ? root.entries.get("value")?.value : undefined
  const value = node === undefined ? undefined : evaluate(node, scopeWith(diagnostics), diagnostics)
  return { value, mistakes: diagnostics.sorted() }
}

const expectPlace = (document: string, { file, line, column, message, hint = "" }: Diagnostic): void => {
  expect(file).toBe("main.yaml")
  const lines = document.split("\n")
  expect(line).toBeGreaterThanOrEqual(1)
  expect(line).toBeLessThanOrEqual(lines.length)
  expect(column).toBeGreaterThanOrEqual(1)
  expect(column).toBeLessThanOrEqual([...(lines[line - 1] ?? "")].length + 1)
  expect(message + hint).not.toMatch(/undefined|\[object|\bNaN\b/)
}

/** A value, or mistakes that have a place: nothing else may come of a text. */
const expectSense = (document: string): ReturnType<typeof evaluated> => {
  const result = evaluated(document)
  const isKnown = result.value !== undefined && result.value.kind !== "unknown"
  expect(isKnown, JSON.stringify(result)).toBe(result.mistakes.length === 0)
  for (const mistake of result.mistakes) expectPlace(document, mistake)
  return result
}

const span = { start: 0, end: 0 }
const operators: ReadonlyArray<BinaryOperator> = ["||", "&&", "==", "!=", "<", "<=", ">", ">="]
const literal = fc.oneof(
  fc.constantFrom(0, 1, -2, 1.5, 1e21, true, false, null),
  fc.constantFrom("", "text", "it's", 'a "b"', "}}", "${{", "é😀", "1"),
)
const name = fc.constantFrom(
  ...["params.n", "params.big", "params.t", "params.empty", "params.yes", "params.no", "params.none"],
  ...["params.list", "params.map", "params.map.a.b", "matrix.seed", "matrix.model.name", "env.HOME"],
)
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    literal.map((value): Expression => ({ kind: "literal", value, ...span })),
    name.map((text): Expression => ({ kind: "name", segments: text.split("."), ...span })),
    tie("expression").map((operand): Expression => ({ kind: "not", operand, ...span })),
    fc
      .tuple(fc.constantFrom(...operators), tie("expression"), tie("expression"))
      .map(([operator, left, right]): Expression => ({ kind: "binary", operator, left, right, ...span })),
  ),
}))

class Mistake extends Error {}

const truth = (value: unknown): boolean => {
  if (typeof value !== "boolean") throw new Mistake()
  return value
}

const at = (segments: ReadonlyArray<string>): unknown =>
  segments.reduce<unknown>(
    (value, key) => Object.entries(Object(value)).find(([one]) => one === key)?.[1],
    known,
  )

const compare = (operator: string, a: unknown, b: unknown): boolean => {
  const isPair =
    (typeof a === "number" && typeof b === "number") || (typeof a === "string" && typeof b === "string")
  if (!isPair) throw new Mistake()
  if (operator === "<") return a < b
  if (operator === ">") return a > b
  return operator === "<=" ? a <= b : a >= b
}

/** The value of an expression, as simply as it can be said. */
const naive = (given: Expression): unknown => {
  if (given.kind === "literal") return given.value
  if (given.kind === "name") return at(given.segments)
  if (given.kind === "not") return !truth(naive(given.operand))
  const [left, right] = [naive(given.left), naive(given.right)]
  if (given.operator === "&&") return [truth(left), truth(right)].every(Boolean)
  if (given.operator === "||") return [truth(left), truth(right)].some(Boolean)
  const isEqual = JSON.stringify(left) === JSON.stringify(right)
  if (given.operator === "==") return isEqual
  return given.operator === "!=" ? !isEqual : compare(given.operator, left, right)
}

const naiveOrMistake = (given: Expression): unknown => {
  try {
    return naive(given)
  } catch (error) {
    if (error instanceof Mistake) return error
    throw error
  }
}

test("an expression comes to its value, or to mistakes where it has no value, however it is quoted", () => {
  fc.assert(
    fc.property(expression, fc.constantFrom(...quotings), (given, quoted) => {
      const document = quoted(`\${{ ${printExpression(given)} }}`)
      const { value } = expectSense(document)
      const expected = naiveOrMistake(given)
      if (expected instanceof Mistake) expect(value?.kind).toBe("unknown")
      else expect(value === undefined ? undefined : toJson(value)).toEqual(expected)
    }),
    { numRuns: 600 },
  )
})

/** Pieces that mean something, right or wrong. */
const piece = fc.constantFrom(
  ...[
    "${{",
    "}}",
    "$${{",
    "(",
    ")",
    "!",
    "&&",
    "||",
    "==",
    "!=",
    "<",
    "<=",
    "=",
    "&",
    "|",
    "'",
    '"',
    "''",
    ".",
  ],
  ...["params", "params.", "params.n", "params.nn", "matrix.seed", "matrix.", "env.HOME", "env.MY_TOKEN"],
  ...[
    "secrets.MY_TOKEN",
    "stages.train.outputs.model",
    "stages.train.*.outputs.model",
    "stages.",
    "stages.x.y",
  ],
  ...["stages.trian.outputs.model", "params.map.a.b.c", "params.list.0", "params.constructor", "__proto__"],
  ...[
    "true",
    "null",
    "1",
    "-",
    "1e999",
    "1e",
    "0x1",
    " ",
    "\t",
    "é",
    "😀",
    "\u2028",
    "*",
    "$",
    "{",
    "}",
    "#",
    "\\",
  ],
)

/** An expression in which something was put in, left out or repeated. */
const mutated = fc
  .tuple(
    expression,
    fc.array(fc.tuple(fc.nat(200), fc.nat(6), fc.option(piece, { nil: "" })), { minLength: 1, maxLength: 5 }),
  )
  .map(([given, changes]) => {
    let text = `before \${{ ${printExpression(given)} }} after`
    for (const [where, length, put] of changes) {
      const start = where % (text.length + 1)
      text = text.slice(0, start) + put + text.slice(start + length)
    }
    return text
  })

test("whatever stands in a text, it comes to a value, or to mistakes that have a place in it", () => {
  const pieces = fc.array(piece, { maxLength: 20 }).map((all) => all.join(""))
  const text = fc.oneof(
    mutated,
    pieces,
    fc.string({ unit: "grapheme" }).map((one) => `\${{${one}}}`),
  )
  fc.assert(
    fc.property(text, (given) => {
      expectSense(`a: 1\nvalue: ${JSON.stringify(given)}\n`)
      // As it stands, it may well be no YAML.
      const { mistakes } = evaluated(`value: ${given}`)
      for (const mistake of mistakes) expectPlace(`value: ${given}`, mistake)
    }),
    { numRuns: 1200 },
  )
})
