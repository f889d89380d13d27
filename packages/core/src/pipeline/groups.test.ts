// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { describe, expect, test } from "vitest"
import { messagesOf, mistakesOf, pipelineOf } from "./fixture.ts"
import { OutputReference } from "./pipeline.ts"

const MODEL = `version: 1
params:
  seed: { type: integer, minimum: 0 }
  weights: { type: string, format: path }
  images: { type: string, format: path, default: images }
stages:
  scenes: { uses: dataset/scenes, with: { seed: "\${{ params.seed }}" } }
  train:
    uses: train/diva
    matrix: { view: [class, all-tokens] }
    with: { model: "\${{ params.weights }}", images: "\${{ stages.scenes.outputs.shards }}", view: "\${{ matrix.view }}" }
  best: { uses: report/summary, with: { models: "\${{ stages.train.*.outputs.model }}" } }
outputs:
  report: \${{ stages.best.outputs.report }}
  pairs: \${{ stages.scenes.outputs.shards }}
`

const main = (small: string, rest = "") => `version: 1
stages:
  fetch: { uses: weights/fetch, with: { name: clip } }
  small: ${small}
${rest}`

const files = { "parts/model.yaml": MODEL }

const WITH = 'with: { seed: "${{ matrix.seed }}", weights: "${{ stages.fetch.outputs.weights }}" }'

describe("a document used as a stage", () => {
  test("becomes its tasks, under the stage's name", async () => {
    const text = main(
      `{ uses: ./parts/model.yaml, matrix: { seed: [1, 2] }, ${WITH} }`,
      `  train: { uses: train/diva, matrix: { seed: [2] }, with: { model: ., images: "\${{ stages.small.outputs.pairs }}" } }
  last: { uses: weights/fetch, needs: small, with: { name: x } }
outputs:
  images: \${{ stages.fetch.outputs.weights }}
`,
    )
    const { tasks } = await pipelineOf(text, files)
    expect(tasks.map(({ id }) => id)).toEqual([
      "fetch",
      "small[seed=1]/scenes",
      "small[seed=1]/train[view=class]",
      "small[seed=1]/train[view=all-tokens]",
      "small[seed=1]/best",
      "small[seed=2]/scenes",
      "small[seed=2]/train[view=class]",
      "small[seed=2]/train[view=all-tokens]",
      "small[seed=2]/best",
      "train[seed=2]",
      "last",
    ])
    expect(tasks[2]).toMatchObject({
      key: "small/train",
      matrix: { seed: 1, view: "class" },
      needs: ["fetch", "small[seed=1]/scenes"],
      input: {
        model: new OutputReference("fetch", "weights"),
        images: new OutputReference("small[seed=1]/scenes", "shards"),
      },
      location: { file: "parts/model.yaml", line: 8 },
    })
    expect(tasks[9]?.input.images).toEqual(new OutputReference("small[seed=2]/scenes", "shards"))
    expect(tasks[10]?.needs).toEqual(tasks.slice(1, 9).map(({ id }) => id))
  })

  test("may be left out, come after others, and be gathered", async () => {
    const text = main(
      `{ uses: ./parts/model.yaml, matrix: { seed: [1, 2, 3] }, when: "\${{ matrix.seed != 2 }}", needs: before, ${WITH} }`,
      `  before: { uses: weights/fetch, with: { name: y } }
  all: { uses: outer/copies, with: { models: ["\${{ stages.small.*.outputs.report }}"] } }
`,
    ).replace("outer/copies", "report/summary")
    expect(await messagesOf(text, files)).toEqual([
      expect.stringMatching(/input `models\[0\]` .* takes `weights` or `conditioned-model`/),
      expect.stringMatching(/input `models\[1\]` .* takes `weights` or `conditioned-model`/),
    ])
    const right = text.replace(/ {2}all: .*\n/, "")
    const { tasks } = await pipelineOf(right, files)
    expect(
      tasks.filter(({ id }) => id.startsWith("small")).map(({ needs }) => needs.includes("before")),
    ).toEqual(Array.from({ length: 8 }, () => true))
  })

  test("may use others", async () => {
    const outer = `version: 1
params: { weights: { type: string, format: path } }
stages:
  inner:
    uses: model.yaml
    matrix: { seed: [7] }
    with: { seed: "\${{ matrix.seed }}", weights: "\${{ params.weights }}" }
`
    const text = main('{ uses: parts/outer.yaml, with: { weights: "${{ stages.fetch.outputs.weights }}" } }')
    const { tasks } = await pipelineOf(text, { ...files, "parts/outer.yaml": outer })
    expect(tasks.map(({ id }) => id)).toContain("small/inner[seed=7]/train[view=class]")
  })

  test("is compiled once for each use, with its own params", async () => {
    const text = main(
      `{ uses: ./parts/model.yaml, with: { seed: 1, weights: . } }`,
      `  large: { uses: ./parts/model.yaml, with: { seed: 2, weights: . } }\n`,
    )
    const { tasks } = await pipelineOf(text, files)
    const scenes = tasks.filter(({ key }) => key.endsWith("/scenes"))
    expect(scenes.map(({ id, input }) => [id, input.seed])).toEqual([
      ["small/scenes", 1],
      ["large/scenes", 2],
    ])
  })
})

describe("mistakes", () => {
  test.each([
    ["{ uses: ./parts/none.yaml }", ["4:18 `parts/none.yaml` doesn't exist"]],
    ["{ uses: ./parts/model.yaml, with: { seed: 1 } }", ["4:38 the param `weights` has no value"]],
    ["{ uses: ./parts/model.yaml, with: { seed: 1, weights: ., sede: 2 } }", ["4:67 unknown param `sede`"]],
    [
      "{ uses: ./parts/model.yaml, with: { seed: -1, weights: . } }",
      ["4:52 param `seed` must be at least 0, not -1"],
    ],
    [
      `{ uses: ./parts/model.yaml, with: { seed: "\${{ stages.fetch.outputs.weights }}", weights: . } }`,
      [
        expect.stringMatching(
          /^4:57 param `seed` must be a whole number, not `stages.fetch.outputs.weights`/,
        ),
      ],
    ],
    [
      "{ uses: ./parts/model.yaml, retry: 2, with: { seed: 1, weights: . } }",
      ["4:38 `retry` can't be said of a document that is used as a stage"],
    ],
  ])("%s", async (small, expected) => {
    expect(await messagesOf(main(small), files)).toEqual(expected)
  })

  test("in the document itself name the use", async () => {
    const wrong = MODEL.replace("view: [class, all-tokens]", "view: [class, most]")
    const text = main("{ uses: ./parts/model.yaml, with: { seed: 1, weights: . } }")
    expect(await mistakesOf(text, { "parts/model.yaml": wrong })).toMatchObject([
      {
        file: "parts/model.yaml",
        line: 11,
        message: 'input `view` of `train/diva` must be class or all-tokens, not the text "most"',
      },
    ])
    const unused = MODEL.replace("stages.scenes.outputs.shards", "stages.scenes.outputs.shard")
    const [mistake] = await mistakesOf(text, { "parts/model.yaml": unused })
    expect(mistake).toMatchObject({
      related: { file: "main.yaml", line: 4, message: "in this use of `parts/model.yaml`" },
    })
  })

  test("of output names", async () => {
    const text = main(
      "{ uses: ./parts/model.yaml, with: { seed: 1, weights: . } }",
      `outputs: { o: "\${{ stages.small.outputs.repotr }}" }`,
    )
    expect(await mistakesOf(text, files)).toMatchObject([
      {
        message: "stage `small` (parts/model.yaml) has no output `repotr`",
        hint: "did you mean `report`?",
      },
    ])
  })

  test("circles are told as a path", async () => {
    const other = "version: 1\nstages: { back: { uses: ../main.yaml } }\n"
    expect(await messagesOf(main("{ uses: parts/other.yaml }"), { "parts/other.yaml": other })).toEqual([
      "parts/other.yaml:2:25 documents use each other in a circle: main.yaml → parts/other.yaml → main.yaml",
    ])
  })

  test("a document that multiplies is stopped", async () => {
    const axis = JSON.stringify(Array.from({ length: 70 }, (_, index) => index))
    const nest = (inner: string) => `version: 1\nstages: { x: { uses: ${inner}, matrix: { i: ${axis} } } }\n`
    const leaf = "version: 1\nstages: { x: { uses: weights/fetch, with: { name: a } } }\n"
    const nested = {
      "a.yaml": nest("b.yaml"),
      "b.yaml": nest("c.yaml"),
      "c.yaml": nest("d.yaml"),
      "d.yaml": leaf,
    }
    expect(await messagesOf("version: 1\nstages: { x: { uses: a.yaml } }\n", nested)).toContainEqual(
      expect.stringMatching(/a pipeline may have 250000 tasks/),
    )
  })
})
