// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { describe, expect, test } from "vitest"
import { messagesOf, mistakesOf, pipelineOf } from "./fixture.ts"

const scenes = (settings: string, top = "") => `version: 1
${top}
stages:
  scenes:
    uses: dataset/scenes
    ${settings}
`

const taskOf = async (text: string, environment = {}) =>
  (await pipelineOf(text, {}, { environment })).tasks[0]

describe("resources", () => {
  test("may grow from attempt to attempt", async () => {
    const task = await taskOf(
      scenes("resources: { memory: [2GB, 4GB, 8GB], cpu: 2, network: [1, 2] }", "pools: { network: 4 }"),
    )
    expect(task?.resources).toEqual([
      { cpu: 2, memory: 2000, gpu: 0, pools: { network: 1 } },
      { cpu: 2, memory: 4000, gpu: 0, pools: { network: 2 } },
      { cpu: 2, memory: 8000, gpu: 0, pools: { network: 2 } },
    ])
  })

  test("may depend on the member", async () => {
    const text = scenes('matrix: { gb: [1, 2] }\n    resources: { memory: "${{ matrix.gb }}GB" }')
    expect((await pipelineOf(text)).tasks.map(({ resources }) => resources[0]?.memory)).toEqual([1000, 2000])
  })

  test("take shares of the document's pools", async () => {
    const pipeline = await pipelineOf(scenes("resources: { licence: 2 }", "pools: { licence: 2, other: 1 }"))
    expect(pipeline.pools).toEqual({ licence: 2, other: 1 })
    expect(pipeline.tasks[0]?.resources[0]?.pools).toEqual({ licence: 2 })
    expect((await taskOf(scenes("resources: { network: 3 }")))?.resources[0]?.pools).toEqual({ network: 3 })
  })

  test.each([
    ["resources: { licens: 1 }", ["6:18 there is no pool `licens`"]],
    ["resources: { licence: 3 }", ["6:27 the pool `licence` holds 2, so that nothing can take 3 of it"]],
    ["resources: { memory: [] }", ["6:26 `resources.memory` must have at least 1 item, not 0"]],
    ["resources: { memory: [1GB, 2] }", [expect.stringMatching(/^6:32 `resources.memory` must be a size/)]],
    ["resources: { licence: 0.5 }", ["6:27 `resources.licence` must be a whole number, not 0.5"]],
  ])("%s", async (settings, expected) => {
    expect(await messagesOf(scenes(settings, "pools: { licence: 2 }"))).toEqual(expected)
  })

  test("name the pool that was meant", async () => {
    const hints = async (text: string) => (await mistakesOf(text)).map(({ hint }) => hint)
    expect(await hints(scenes("resources: { licens: 1 }", "pools: { licence: 2 }"))).toEqual([
      "did you mean `licence`?",
    ])
    expect(await hints(scenes("resources: { tape: 1 }"))).toEqual([
      "declare it at the top level: pools: { tape: 1 }",
    ])
  })
})

describe("the environment", () => {
  const top = "env: { ROOT: { default: /data }, MODE: { description: How } }"

  test("is read where it is declared", async () => {
    const text = scenes(
      'with: { seed: 3 }\n    env: { WHERE: "${{ env.ROOT }}/x", SIZE: 3, FAST: true }',
      top,
    )
    expect((await taskOf(text, { MODE: "m" }))?.environment).toEqual({
      WHERE: "/data/x",
      SIZE: "3",
      FAST: "true",
    })
    expect((await taskOf(text, { MODE: "m", ROOT: "/d" }))?.environment.WHERE).toBe("/d/x")
  })

  test("must be declared and set", async () => {
    const text = scenes('env: { A: "${{ env.ROOTS }}", B: "${{ env.PATH }}" }', top)
    expect(await mistakesOf(text, {}, { environment: { PATH: "/bin", MODE: "" } })).toMatchObject([
      { message: "unknown environment variable `ROOTS`", hint: "did you mean `ROOT`?" },
      { message: "unknown environment variable `PATH`" },
    ])
    expect(await mistakesOf(scenes("cache: true", top))).toMatchObject([
      { line: 2, message: "the environment variable `MODE` isn't set" },
    ])
  })
})

describe("secrets", () => {
  test("are handed to stages by name", async () => {
    const task = await taskOf(scenes("secrets: [B_TOKEN]", "secrets: [A_TOKEN]"), {
      A_TOKEN: "x",
      B_TOKEN: "y",
    })
    expect(task?.secrets).toEqual(["A_TOKEN", "B_TOKEN"])
  })

  test("must be set where they are needed", async () => {
    expect(await messagesOf(scenes("secrets: [B_TOKEN]"))).toEqual(["6:15 the secret `B_TOKEN` isn't set"])
    expect(await messagesOf(scenes("secrets: [B_TOKEN]\n    when: false"))).toEqual([])
  })

  test.each(["${{ env.B_TOKEN }}", "${{ secrets.B_TOKEN }}"])(
    "are never part of an expression: %s",
    async (text) => {
      const document = scenes(`secrets: [B_TOKEN]\n    env: { X: "${text}" }`)
      expect(await mistakesOf(document, {}, { environment: { B_TOKEN: "y" } })).toMatchObject([
        { message: expect.stringContaining("a secret can't be used in an expression"), line: 7 },
      ])
    },
  )

  test("aren't variables that anyone may read", async () => {
    const text = scenes("secrets: [TOKEN]", "env: { TOKEN: { default: x } }")
    expect(await messagesOf(text)).toEqual([
      "6:15 `TOKEN` can't be a secret: `env` declares it, so that expressions may read it",
    ])
  })
})
