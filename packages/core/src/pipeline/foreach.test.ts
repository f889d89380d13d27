// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { describe, expect, test } from "vitest"
import { messagesOf, mistakesOf, pipelineOf } from "./fixture.ts"

const document = (foreach: string, more = "") => `version: 1
params: { cases: { type: string, format: path, default: cases.csv } }
stages:
  fetch:
    uses: weights/fetch
    foreach: ${foreach}${more}
    with: { name: "\${{ matrix.title }}" }
  scenes:
    uses: dataset/scenes
    foreach: ${foreach}
    with: { seed: "\${{ matrix.seed }}" }
`

const CSV = 'id,title,seed\na,"say ""hi"", now",1\r\nb,"two\nlines",2\n\nc,03,3'
const SAME = [
  { id: "a", title: 'say "hi", now', seed: 1 },
  { id: "b", title: "two\nlines", seed: 2 },
  { id: "c", title: "03", seed: 3 },
]

const membersOf = async (text: string, files: Record<string, string>, params = {}) =>
  (await pipelineOf(text, files, { params })).tasks.filter(({ key }) => key === "fetch")

describe("cases", () => {
  test.each([
    ["cases.csv", CSV],
    ["cases.jsonl", `${SAME.map((one) => JSON.stringify(one)).join("\n")}\n\n`],
    ["cases.json", JSON.stringify(SAME)],
    [
      "cases.yaml",
      `- { id: a, title: 'say "hi", now', seed: 1 }\n- { id: b, title: "two\\nlines", seed: 2 }\n- { id: c, title: "03", seed: 3 }`,
    ],
  ])("of %s make a member each", async (file, text) => {
    const tasks = await membersOf(document(file), { [file]: text })
    expect(tasks.map(({ id, matrix }) => [id, matrix])).toEqual(
      SAME.map((one) => [`fetch[id=${one.id}]`, one]),
    )
    expect(tasks[1]?.input).toEqual({ name: "two\nlines" })
  })

  test("are named by all columns where none tells them apart", async () => {
    const text = document("cases.csv")
    const tasks = await membersOf(text, { "cases.csv": "title,seed\nx,1\nx,2\n" })
    expect(tasks.map(({ id }) => id)).toEqual(["fetch[title=x,seed=1]", "fetch[title=x,seed=2]"])
  })

  test("multiply with a matrix, whose lists may depend on them", async () => {
    const more = "\n    matrix: { step: '${{ matrix.steps }}', exclude: [{ id: a, step: 2 }] }"
    const tasks = await membersOf(document("cases.json", more), {
      "cases.json": JSON.stringify([
        { id: "a", title: "x", seed: 1, steps: [1, 2] },
        { id: "b", title: "y", seed: 2, steps: [2] },
      ]),
    })
    expect(tasks.map(({ id }) => id)).toEqual(["fetch[id=a,step=1]", "fetch[id=b,step=2]"])
  })

  test("come from a file that a param names", async () => {
    const text = document("${{ params.cases }}")
    const files = { "cases.csv": "id,title,seed\na,x,1\n", "others/o.csv": "id,title,seed\nz,x,1\n" }
    const [first] = await membersOf(text, files)
    const [other] = await membersOf(text, files, { cases: "others/o.csv" })
    expect([first?.id, other?.id]).toEqual(["fetch[id=a]", "fetch[id=z]"])
  })

  test("of a document that is used as a stage lie beside it", async () => {
    const files = { "parts/one.yaml": document("../cases.csv"), "cases.csv": CSV }
    const { tasks } = await pipelineOf("version: 1\nstages: { s: { uses: parts/one.yaml } }\n", files)
    expect(tasks.map(({ id }) => id)).toContain("s/fetch[id=c]")
  })
})

describe("mistakes in cases", () => {
  const CASES = [
    ["cases.csv", "id,title,seed\na,x\n", "2:1 this row has 2 cells, but there are 3 columns"],
    ["cases.csv", "id,id,seed\na,x,1\n", "1:4 there are two columns `id`"],
    ["cases.csv", 'id,title,seed\na,"x,1\n', "2:3 this quote isn't closed"],
    [
      "cases.csv",
      'id,title,seed\na,"x"y,1\n',
      "2:6 after a closing quote comes a comma or the end of the line",
    ],
    ["cases.csv", "id,title,seed\na,x,1\na,x,1\n", "3:1 this case stands in the file twice"],
    ["cases.csv", "id,a title\na,x\n", "1:4 `a title` can't be used as a name"],
    ["cases.csv", "", "1:1 the file has no row that names its columns"],
    ["cases.jsonl", '{"id": 1}\n{"id": 2,}\n', /^cases.jsonl:2:10 this line isn't JSON: /],
    ["cases.jsonl", "[1]\n", "1:1 a case is a map of keys and values: { … }"],
    ["cases.json", '{"a": 1}', "1:1 a file of cases is a list of maps"],
    ["cases.yaml", "- 1\n", "1:3 a case is a map of keys and values"],
    ["cases.txt", "a", "1:1 a file of cases is a .csv, .jsonl, .yaml or .json file"],
  ] as const

  test.each(CASES)("%s: %j", async (file, text, expected) => {
    expect(await messagesOf(document(file), { [file]: text })).toContainEqual(
      typeof expected === "string" ? `${file}:${expected}` : expect.stringMatching(expected),
    )
  })

  test("are told where the value is used, and where it comes from", async () => {
    const mistakes = await mistakesOf(document("cases.csv"), { "cases.csv": "title,seed\nx,1\ny,-2\n" })
    expect(mistakes).toMatchObject([
      {
        line: 11,
        message: "input `seed` of `dataset/scenes` must be at least 0, not -2",
        related: { file: "cases.csv", line: 3, column: 3, message: "the value comes from here" },
      },
    ])
  })

  test("a missing file", async () => {
    expect(await messagesOf(document("cases.csv"))).toEqual([
      "6:14 `cases.csv` doesn't exist",
      "10:14 `cases.csv` doesn't exist",
    ])
  })
})
