import type { Pipeline, Task } from "@diva-pipeline/core"
import { OutputReference } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { describe, expect, test } from "vitest"
import { dotText, drawSvg, type Graph, graphOf, graphText, mermaidText } from "./index.ts"

const stage = {
  name: "test/stage",
  version: 1,
  summary: "",
  input: Type.Object({}),
  outputs: {},
  isolation: "inline" as const,
  run: () => Effect.void,
}
const rule = { attempts: 1, delay: 0, longest: 0 }

const task = (key: string, member: string, needs: ReadonlyArray<string>): Task => ({
  id: `${key}${member}`,
  key,
  matrix: {},
  stage,
  input: {},
  needs,
  retry: { transient: rule, crash: rule, timeout: rule },
  timeout: undefined,
  resources: [],
  cache: "on",
  environment: {},
  secrets: [],
  location: { file: "p.yaml", line: 1, column: 1 },
})

const members = ["[n=1]", "[n=2]"]
const pipeline: Pipeline = {
  name: "p",
  description: "",
  file: "p.yaml",
  documents: ["p.yaml"],
  params: {},
  pools: {},
  tasks: [
    task("first", "", []),
    ...members.map((member) => task("many", member, ["first"])),
    task("last", "", ["many[n=1]", "many[n=2]"]),
  ],
  outputs: { result: new OutputReference("last", "x") },
}

/** What each format must not take for its own. */
const NASTY = `a"b<c>&d\\e;f#g|h{i}[j]\`k\`--> %% ]] <br/> \\n ü`
const nasty: Graph = {
  name: NASTY,
  nodes: [
    { name: NASTY, kind: "stage", uses: "test/stage", tasks: 1 },
    { name: "plain", kind: "stage", uses: "test/stage", tasks: 1 },
  ],
  edges: [[0, 1]],
}

const unescaped = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")

describe("a graph", () => {
  test("folds the members of a matrix, or shows each", () => {
    const folded = graphOf(pipeline, false)
    expect(folded.nodes.map(({ name, tasks }) => [name, tasks])).toEqual([
      ["first", 1],
      ["many", 2],
      ["last", 1],
      ["result", 0],
    ])
    expect(folded.edges).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    const expanded = graphOf(pipeline, true)
    expect(expanded.nodes.map(({ name }) => name)).toEqual([
      "first",
      "many[n=1]",
      "many[n=2]",
      "last",
      "result",
    ])
    expect(expanded.edges).toHaveLength(5)
  })

  test("shows what a run would do, and where members differ", () => {
    const unknown = { _tag: "unknown" as const, after: [] }
    const run = { _tag: "run" as const, reasons: [] }
    const states = [run, run, unknown, unknown]
    const tasks = pipeline.tasks.flatMap((one, index) => {
      const state = states[index]
      return state === undefined ? [] : [{ task: one, state }]
    })
    const { nodes } = graphOf(pipeline, false, { pipeline: "p", tasks })
    expect(nodes.map(({ state }) => state)).toEqual(["run", "mixed", "unknown", undefined])
    expect(graphText(graphOf(pipeline, false, { pipeline: "p", tasks }))).toMatch(
      /^first +test\/stage · would run$/m,
    )
  })

  test("keeps names on one line", () => {
    const { nodes } = graphOf({ ...pipeline, tasks: [task("a", "[n=x\ny\u0000]", [])], outputs: {} }, true)
    expect(nodes[0]?.name).toBe("a[n=x\\u000ay\\u0000]")
  })

  test("is text", () => {
    expect(graphText(graphOf(pipeline, false))).toBe(
      [
        "first   test/stage",
        "many    test/stage × 2          ← first",
        "last    test/stage              ← many",
        "result  output of the pipeline  ← last",
      ].join("\n"),
    )
  })
})

describe("any name", () => {
  test("comes through DOT to SVG", async () => {
    const svg = await Effect.runPromise(drawSvg(nasty))
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => unescaped(text))
    expect(texts.map((text) => text.replaceAll("\u00a0", " "))).toEqual([
      NASTY,
      "test/stage",
      "plain",
      "test/stage",
    ])
    expect(svg.match(/class="edge"/g)).toHaveLength(1)
  })

  test("is one quoted text in DOT", () => {
    for (const line of dotText(nasty)
      .split("\n")
      .filter((text) => text.includes("label="))) {
      expect(line).toMatch(/^ {2}n\d \[label="(?:[^"\\]|\\.)*", class="stage", fillcolor="#\w+"\]$/)
    }
  })

  test("has nothing of Mermaid's own left in Mermaid", () => {
    const [, box = ""] = mermaidText(nasty).split("\n")
    const [, label = ""] = /^ {2}n0\["(.*)<br\/><small>test\/stage<\/small>"\]$/.exec(box) ?? []
    expect(label).toMatch(/^(?:[^"<>&\\;#|{}[\]`%]|#\d+;)+$/)
    expect(label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))).toBe(NASTY)
  })
})
