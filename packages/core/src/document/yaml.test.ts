// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { stringify } from "yaml"
import { Diagnostics } from "./diagnostic.ts"
import { type DocumentNode, entryOf, isText } from "./node.ts"
import { renderDiagnostics } from "./rendering.ts"
import { spanWithin } from "./scalar-offsets.ts"
import { Source } from "./source.ts"
import { parseYaml } from "./yaml.ts"

const read = (text: string) => {
  const diagnostics = new Diagnostics()
  const root = parseYaml(new Source("a.yaml", "/", text), diagnostics)
  return {
    root,
    messages: diagnostics.sorted().map(({ line, column, message }) => `${line}:${column} ${message}`),
  }
}

/** The node as plain data; undefined for none. */
const plain = (node: DocumentNode | undefined): unknown => {
  if (node?.kind === "list") return node.items.map(plain)
  if (node?.kind === "map")
    return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]))
  return node?.value
}

describe("values", () => {
  test("are those of YAML 1.2's core schema", () => {
    const { root, messages } = read("a: yes\nb: 0o17\nc: 1e-3\nd:\ne: [true, ~, '1']\nf: |\n  x\n  y\n")
    expect(messages).toEqual([])
    expect(plain(root)).toEqual({ a: "yes", b: 15, c: 0.001, d: null, e: [true, null, "1"], f: "x\ny\n" })
  })

  test("aliases are written out", () => {
    expect(plain(read("a: &x { b: 1 }\nc: *x\n").root)).toEqual({ a: { b: 1 }, c: { b: 1 } })
  })

  test("know their places", () => {
    const { root } = read("# comment\nstages:\n  träin: { uses: x }\n")
    const uses = entryOf(entryOf(entryOf(root, "stages"), "träin"), "uses")
    expect(uses?.span.source.locate(uses.span.start)).toEqual({ file: "a.yaml", line: 3, column: 18 })
  })
})

describe("mistakes", () => {
  test.each([
    ["duplicate keys", "a: 1\nb: 2\na: 3\n", ["3:1 duplicate key `a`"]],
    ["a key that is a list", "? [a]\n: b\n", ["1:3 a key must be a text"]],
    ["a prototype's key", "__proto__: { a: 1 }\n", ["1:1 the key `__proto__` can't be used"]],
    ["unknown aliases", "a: *b\n", ["1:4 alias `*b`: no anchor of this name stands before it"]],
    ["aliases of themselves", "a: &b [*b]\n", ["1:8 alias `*b`: it stands within its own anchor"]],
    [
      "tags",
      "a: !!js/function x\n",
      ["1:4 tags of one's own aren't understood; only those of YAML's core schema are"],
    ],
    ["two documents", "a: 1\n---\nb: 1\n", ["2:1 a file holds one document; another one begins here"]],
    ["other versions", "%YAML 1.1\n---\na: yes\n", ["1:1 only YAML 1.2 is understood"]],
    ["numbers out of range", "a: 12345678901234567890\n", ["1:4 this number can't be kept exactly"]],
    ["tabs", "a:\n\tb: 1\n", ["2:1 YAML: tabs are not allowed as indentation"]],
    ["an unclosed quote", "a: 'b\n", ["1:4 this quote isn't closed"]],
  ])("%s", (_, text, expected) => {
    expect(read(text).messages).toEqual(expected)
  })

  test("unquoted expressions in braces are told, and read all the same", () => {
    const { root, messages } = read("with: { a: ${{ x.a }}, b: [${{ x.b }}, a ${{ x.c }} c] }\nd: 1\nd: 2\n")
    expect(messages).toEqual([
      "1:12 inside { } or [ ], an expression must be quoted",
      "1:28 inside { } or [ ], an expression must be quoted",
      "1:42 inside { } or [ ], an expression must be quoted",
      "3:1 duplicate key `d`",
    ])
    expect(plain(root)).toEqual({ with: { a: "${{ x.a }}", b: ["${{ x.b }}", "a ${{ x.c }} c"] }, d: 1 })
  })
})

describe("hostile documents", () => {
  test("nest deeply", () => {
    for (const text of ["[".repeat(300_000), "- ".repeat(300_000), "{a: ".repeat(100_000)]) {
      expect(read(text).messages).toEqual([expect.stringContaining("collections may be nested 64 deep")])
    }
  })

  test("repeat aliases of aliases", () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? "x" : `*a${level - 1}`
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => items).join(", ")}]`
    })
    expect(read(lines.join("\n")).messages).toEqual([expect.stringContaining("with its aliases written out")])
  })

  test("are any text at all", () => {
    const piece = fc.constantFrom(
      "a: ",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&a ",
      "*a",
      "!t ",
      "'",
      '"',
      "|",
      ">",
      "#",
      "\t",
      "? ",
      "%",
      "---\n",
    )
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((pieces) => pieces.join("")),
    )
    fc.assert(
      fc.property(text, (given) => {
        const diagnostics = new Diagnostics()
        const root = parseYaml(new Source("a.yaml", "/", given), diagnostics)
        expect(root !== undefined || !diagnostics.isEmpty).toBe(true)
        renderDiagnostics(diagnostics.sorted(), { colour: true })
      }),
      { numRuns: 500 },
    )
  })
})

test("a part of a text is found in the source, however it is written", () => {
  const styles = ["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const
  const words = fc.array(
    fc.constantFrom("it's", '"quoted"', "ünï", "😀", "back\\slash", "\t", "# no", "long".repeat(20)),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(
      words,
      words,
      fc.constantFrom(" ", "\n", "  "),
      fc.constantFrom(...styles),
      (before, after, space, style) => {
        const value = [...before, "MARK", ...after].join(space)
        const text = stringify({ a: { b: value } }, { defaultStringType: style, lineWidth: 40 })
        const { root } = read(text)
        const node = entryOf(entryOf(root, "a"), "b")
        if (!isText(node)) throw new Error("not a text")
        const start = node.value.indexOf("MARK")
        const span = spanWithin(node, start, start + 4)
        // The writer may break a line within the word.
        expect(text.slice(span.start, span.end).replace(/\\\n */, "")).toBe("MARK")
      },
    ),
    { numRuns: 500 },
  )
})
