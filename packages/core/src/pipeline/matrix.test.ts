// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { messagesOf, pipelineOf } from "./fixture.ts"
import { OutputReference } from "./pipeline.ts"

/** A pipeline of scenes with one matrix, a training with another and a report of all models. */
const document = (scenes: string, train: string, extra = "") => `
version: 1
params:
  seeds: { type: array, default: [1, 2] }
  train: { type: boolean, default: true }
stages:
  scenes:
    uses: dataset/scenes
    matrix: ${scenes}
    with: { seed: "\${{ matrix.seed }}" }
  train:
    uses: train/diva
    matrix: ${train}
    with: { model: "\${{ stages.weights.outputs.weights }}", images: "\${{ stages.scenes.outputs.shards }}" }${extra}
  weights: { uses: weights/fetch, with: { name: clip } }
  report:
    uses: report/summary
    with: { models: "\${{ stages.train.*.outputs.model }}" }
`

const idsOf = async (text: string, params: Readonly<Record<string, string>> = {}) =>
  (await pipelineOf(text, {}, { params })).tasks.map((task) => task.id)

describe("a matrix", () => {
  test("spreads a stage out, and references follow it", async () => {
    const { tasks } = await pipelineOf(
      document("{ seed: [1, 2] }", "{ seed: '${{ params.seeds }}', view: [class, all-tokens] }"),
    )
    expect(tasks.map((task) => task.id)).toEqual([
      "scenes[seed=1]",
      "scenes[seed=2]",
      "weights",
      "train[seed=1,view=class]",
      "train[seed=1,view=all-tokens]",
      "train[seed=2,view=class]",
      "train[seed=2,view=all-tokens]",
      "report",
    ])
    expect(tasks[3]).toMatchObject({
      matrix: { seed: 1, view: "class" },
      needs: ["weights", "scenes[seed=1]"],
      input: { images: new OutputReference("scenes[seed=1]", "shards") },
    })
    expect(tasks.at(-1)?.input.models).toEqual(
      tasks.slice(3, 7).map((task) => new OutputReference(task.id, "model")),
    )
  })

  test("of a consumer that shares some keys gives it the members that agree", async () => {
    const text = `
version: 1
stages:
  w: { uses: weights/fetch, matrix: { name: [a, b], seed: [1, 2] }, with: { name: "\${{ matrix.name }}" } }
  r:
    uses: report/summary
    matrix: { seed: [1, 2] }
    with: { models: ["\${{ stages.w.outputs.weights }}", "\${{ stages.w.outputs.weights }}"] }
`
    const [, , , , first] = (await pipelineOf(text)).tasks
    const models = ["w[name=a,seed=1]", "w[name=b,seed=1]"].map((id) => new OutputReference(id, "weights"))
    expect(first?.input.models).toEqual([...models, ...models])
  })

  test("can leave members out and add some", async () => {
    const matrix = `{ seed: [1, 2], view: [class, all-tokens], exclude: [{ seed: 2, view: class }], include: [{ view: class, note: x }, { seed: 3, view: class }] }`
    const ids = await idsOf(document("{ seed: [1, 2, 3] }", matrix))
    expect(ids.filter((id) => id.startsWith("train"))).toEqual([
      "train[seed=1,view=class,note=x]",
      "train[seed=1,view=all-tokens]",
      "train[seed=2,view=all-tokens]",
      "train[seed=3,view=class]",
    ])
  })

  test("of nothing but `include` has its items as members", async () => {
    const ids = await idsOf(
      document("{ seed: [1] }", "{ include: [{ seed: 1, view: class }, { seed: 1, view: all-tokens }] }"),
    )
    expect(ids).toContain("train[seed=1,view=all-tokens]")
  })

  test("names its members without ambiguity", async () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(value, { minLength: 1, maxLength: 6, selector: (one) => JSON.stringify(one) }),
        async (values) => {
          const safe = values.filter((one) => typeof one !== "string" || !one.includes("${{"))
          const text = `version: 1\nstages: { w: { uses: weights/fetch, with: { name: a }, matrix: { x: ${JSON.stringify(safe)} } } }`
          const ids = await idsOf(text)
          expect(new Set(ids).size).toBe(safe.length)
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe("`when`", () => {
  test("leaves members out, and lists of them get shorter", async () => {
    const text = document(
      "{ seed: [1, 2] }",
      "{ seed: [1, 2] }",
      "\n    when: ${{ params.train && matrix.seed != 1 }}",
    )
    const { tasks } = await pipelineOf(text)
    expect(tasks.at(-1)?.input.models).toEqual([new OutputReference("train[seed=2]", "model")])
    expect(await messagesOf(text, {}, { params: { train: "false" } })).toEqual([
      "19:26 input `models` of `report/summary` must have at least 1 item, not 0",
    ])
  })

  test("can't leave out what another stage takes", async () => {
    const text = `
version: 1
stages:
  w: { uses: weights/fetch, with: { name: a }, when: false }
  t: { uses: train/diva, with: { model: "\${{ stages.w.outputs.weights }}", images: . } }
  also: { uses: train/diva, with: { model: "\${{ stages.w.outputs.weights }}", images: . }, when: false }
  r: { uses: report/summary, with: { models: [".", "\${{ stages.w.outputs.weights }}"] } }
outputs:
  o: \${{ stages.w.outputs.weights }}
`
    expect(await messagesOf(text)).toEqual([
      "5:46 the stage `w` is left out, because its `when` is false",
      "9:10 the stage `w` is left out, because its `when` is false",
    ])
  })

  test.each([
    ["params.train", '14:11 `when` must be true or false, not the text "params.train"'],
    ["${{ params.seeds }}", "14:15 `when` must be true or false, not a list"],
    [
      "${{ stages.weights.outputs.weights == 1 }}",
      "14:15 `stages` can't be used in `when`, only `params` and `matrix`",
    ],
    ["${{ params.train < 1 }}", "14:15 `<` compares two numbers or two texts, not true and 1"],
    ["${{ !params.seeds }}", "14:16 `!` takes true or false, not a list"],
  ])("%s", async (when, expected) => {
    const text = document("{ seed: [1] }", "{ seed: [1] }", `\n    when: ${when}`)
    expect(await messagesOf(text)).toEqual([expected.replace("14:", "15:")])
  })
})

describe("mistakes", () => {
  test.each([
    ["{ seed: 1 }", ["13:21 matrix key `seed` must be a list, not 1"]],
    ["{ seed: [1, 1] }", ["13:25 matrix key `seed` has the value 1 twice"]],
    ["{ seed: [1], exclude: [{ sede: 1 }] }", ["13:38 unknown matrix key `sede` in `exclude`"]],
    ["{ seed: [1], include: [1] }", ["13:36 an item of `include` must be a map, not 1"]],
    ["{ seed: ['${{ matrix.x }}'] }", ["13:34 unknown matrix key `x`"]],
    ["{ seed: '${{ params.train }}' }", ["13:26 matrix key `seed` must be a list, not true"]],
    [
      "{ view: [1] }",
      [
        "14:74 there is one `stages.scenes.outputs.shards` for each `seed`, and nothing says which one is meant",
      ],
    ],
    ["{ seed: [4] }", ["14:74 the matrix of `scenes` has no member with this member's `seed`"]],
  ])("%s", async (matrix, expected) => {
    const messages = await messagesOf(document("{ seed: [1, 2] }", matrix))
    expect(messages).toEqual(expected)
  })

  test("a matrix may not be huge", async () => {
    const axis = JSON.stringify(Array.from({ length: 317 }, (_, index) => index))
    const messages = await messagesOf(document(`{ seed: ${axis} }`, `{ seed: ${axis}, b: ${axis} }`))
    expect(messages).toEqual([
      expect.stringMatching(/^13:\d+ a matrix may have 100000 members; with this one it has more$/),
    ])
  })

  test("nor may a pipeline", async () => {
    const axis = JSON.stringify(Array.from({ length: 300 }, (_, index) => index))
    const stage = (key: string) =>
      `  ${key}: { uses: weights/fetch, matrix: { a: ${axis}, b: ${axis} }, with: { name: x } }\n`
    expect(await messagesOf(`version: 1\nstages:\n${["x", "y", "z"].map(stage).join("")}`)).toEqual([
      "5:3 a pipeline may have 250000 tasks; with these it has more",
    ])
  })
})

describe("laws", () => {
  const axis = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 })
  const axes = fc.dictionary(fc.constantFrom("a", "b", "c"), axis, {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  })
  const item = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 5 }), {
    minKeys: 1,
    noNullPrototype: true,
  })
  const membersOf = async (matrix: object) => {
    const text = JSON.stringify({
      version: 1,
      stages: { w: { uses: "weights/fetch", with: { name: "x" }, matrix } },
    })
    return (await pipelineOf(text)).tasks.map(({ id, matrix: values }) => ({ id, values }))
  }
  const fits = (values: object, one: object) =>
    Object.entries(one).every(([key, value]) =>
      Object.entries(values).some(([k, v]) => k === key && v === value),
    )

  test("a matrix has as many members as its lists have combinations, each with an id of its own", async () => {
    await fc.assert(
      fc.asyncProperty(axes, async (lists) => {
        const members = await membersOf(lists)
        expect(members).toHaveLength(Object.values(lists).reduce((product, list) => product * list.length, 1))
        expect(new Set(members.map(({ id }) => id)).size).toBe(members.length)
        expect(await membersOf(lists)).toEqual(members)
      }),
      { numRuns: 30 },
    )
  })

  test("`exclude` leaves out exactly what it fits; `include` of members changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(axes, fc.array(item, { maxLength: 3 }), async (lists, items) => {
        const exclude = items.filter((one) => Object.keys(one).every((key) => Object.hasOwn(lists, key)))
        const all = await membersOf(lists)
        const kept = all.filter(({ values }) => !exclude.some((one) => fits(values, one)))
        expect(await membersOf({ ...lists, exclude })).toEqual(kept)
        expect(await membersOf({ ...lists, include: all.map(({ values }) => values) })).toEqual(all)
      }),
      { numRuns: 30 },
    )
  })
})

describe("values that are maps", () => {
  const idsWith = (models: string) =>
    idsOf(`
version: 1
stages:
  w:
    uses: weights/fetch
    matrix: { model: ${models}, rate: "\${{ matrix.model.rates }}" }
    with: { name: "\${{ matrix.model.name }}" }
`)

  test("name their members, and later lists may depend on them", async () => {
    expect(await idsWith("[{ name: s, rates: [1, 2] }, { name: l, rates: [3] }]")).toEqual([
      "w[model=s,rate=1]",
      "w[model=s,rate=2]",
      "w[model=l,rate=3]",
    ])
  })

  test("that share a name are told apart", async () => {
    const ids = await idsWith("[{ name: s, rates: [1] }, { name: s, rates: [1, 2] }]")
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^w\[model=s~[0-9a-f]{12},rate=\d\]$/)
  })

  test("that are long are cut", async () => {
    const [id = ""] = await idsWith(`[{ name: ${"x".repeat(200)}, rates: [1] }]`)
    expect(id.length).toBeLessThan(80)
  })
})

test("a stage without a matrix can't be gathered, and what is not matched must be", async () => {
  const text = (output: string) => `
version: 1
stages:
  w: { uses: weights/fetch, with: { name: a } }
  m: { uses: weights/fetch, matrix: { s: [1, 2] }, with: { name: a } }
  r: { uses: report/summary, with: { models: ["\${{ ${output} }}"] } }
`
  expect(await messagesOf(text("stages.w.*.outputs.weights"))).toEqual([
    "6:52 the stage `w` has no matrix, so that `*` stands for nothing",
  ])
  expect(await messagesOf(text("stages.m.outputs.weights"))).toEqual([
    "6:52 there is one `stages.m.outputs.weights` for each `s`, and nothing says which one is meant",
  ])
})

test("a consumer with the same matrix may still take all members", async () => {
  const text = `
version: 1
stages:
  m: { uses: weights/fetch, matrix: { s: [1, 2] }, with: { name: a } }
  r: { uses: report/summary, matrix: { s: [1, 2] }, with: { models: "\${{ stages.m.*.outputs.weights }}" } }
`
  const { tasks } = await pipelineOf(text)
  for (const task of tasks.slice(2)) expect(task.needs).toEqual(["m[s=1]", "m[s=2]"])
})
