// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { Effect } from "effect"
import { describe, expect, test } from "vitest"
import { load, messagesOf, mistakesOf, pipelineOf } from "./fixture.ts"
import { type Json, OutputReference, SourcePath } from "./pipeline.ts"

const FETCH = `
  weights:
    uses: weights/fetch
    with: { name: clip }`

const SCENES = `
  scenes:
    uses: dataset/scenes`

describe("a pipeline", () => {
  test("has its tasks in order, complete with defaults", async () => {
    const pipeline = await pipelineOf(`
version: 1
name: small
description: A small one
stages:
  train:
    uses: train/diva
    with: { model: "\${{ stages.weights.outputs.weights }}", images: "\${{ stages.scenes.outputs.shards }}" }
    timeout: 1h30m
    retry: { attempts: 5, delay: 500ms, crash: 1, timeout: { longest: 10s } }
    resources: { memory: 4GB, gpu: 1 }
    cache: false
${FETCH}
${SCENES}
    retry: 1
outputs:
  model: \${{ stages.train.outputs.model }}
`)
    expect(pipeline).toMatchObject({
      name: "small",
      description: "A small one",
      file: "main.yaml",
      params: {},
    })
    expect(pipeline.tasks.map((task) => task.id)).toEqual(["weights", "scenes", "train"])
    expect(pipeline.outputs).toEqual({ model: new OutputReference("train", "model") })
    const [weights, scenes, train] = pipeline.tasks
    expect(weights).toMatchObject({
      retry: {
        transient: { attempts: 3, delay: 1, longest: 60 },
        crash: { attempts: 3, delay: 1, longest: 60 },
      },
      timeout: undefined,
      resources: [{ cpu: 1, memory: 256, gpu: 0, pools: {} }],
      cache: "on",
    })
    expect(scenes).toMatchObject({ input: { count: 10, seed: 0 }, retry: { transient: { attempts: 1 } } })
    expect(train).toMatchObject({
      input: {
        model: new OutputReference("weights", "weights"),
        images: new OutputReference("scenes", "shards"),
        "learning-rate": 0.1,
        view: "class",
        seed: 42,
      },
      needs: ["weights", "scenes"],
      retry: {
        transient: { attempts: 5, delay: 0.5, longest: 60 },
        crash: { attempts: 1, delay: 0.5, longest: 60 },
        timeout: { attempts: 5, delay: 0.5, longest: 10 },
      },
      timeout: 5400,
      resources: [{ cpu: 2, memory: 4000, gpu: 1, pools: {} }],
      cache: "off",
      location: { file: "main.yaml", line: 6, column: 3 },
    })
  })

  test("takes its name from its file, and orders by `needs`", async () => {
    const pipeline = await pipelineOf(`
version: 1
stages:
  report:
    uses: report/summary
    with: { models: ["\${{ stages.weights.outputs.weights }}"], options: { title: Hi } }
    needs: scenes
${FETCH}
${SCENES}
`)
    expect(pipeline.name).toBe("main")
    expect(pipeline.tasks.at(-1)).toMatchObject({
      id: "report",
      needs: ["weights", "scenes"],
      input: { options: { title: "Hi" } },
    })
  })

  test("knows all files that it was read from", async () => {
    const main = `
version: 1
imports: [common/weights.yaml]
stages:
  scenes: { uses: dataset/scenes, foreach: counts.csv, with: { count: "\${{ matrix.count }}" } }
  group: { uses: ./group.yaml }
`
    const files = {
      "common/weights.yaml": `stages:${FETCH}\n`,
      "counts.csv": "count\n5\n7\n",
      "group.yaml": `version: 1\nstages:${SCENES}\n`,
      "mine.yaml": "description: Mine\n",
      "params.yaml": "{}\n",
    }
    const given = { overlays: ["mine.yaml"], paramFiles: ["params.yaml"] }
    const { documents } = await pipelineOf(main, files, given)
    expect(documents).toEqual([
      "main.yaml",
      "common/weights.yaml",
      "mine.yaml",
      "group.yaml",
      "params.yaml",
      "counts.csv",
    ])
  })

  test("takes files of the user's own, relative to the file that names them", async () => {
    const files = {
      "main.yaml": `
version: 1
imports: [common/train.yaml]
params:
  pictures: { type: string, format: path, default: data/pictures }
stages:
  more:
    uses: train/diva
    with: { model: common/weights, images: "\${{ params.pictures }}/scenes" }
`,
      "common/train.yaml": `
stages:
  train:
    uses: train/diva
    with: { model: weights, images: "\${{ params.pictures }}" }
`,
      "common/weights/a": "",
      "data/pictures/scenes/a": "",
    }
    const { pipeline, workingFolder } = await Effect.runPromise(load(files))
    expect(pipeline.params).toEqual({ pictures: `${workingFolder}/data/pictures` })
    expect(pipeline.tasks.map((task) => task.input)).toMatchObject([
      {
        model: new SourcePath(`${workingFolder}/common/weights`, {
          file: "common/train.yaml",
          line: 5,
          column: 20,
        }),
        images: { path: `${workingFolder}/data/pictures` },
      },
      {
        model: { path: `${workingFolder}/common/weights` },
        images: { path: `${workingFolder}/data/pictures/scenes` },
      },
    ])
    const given = await Effect.runPromise(load(files, { params: { pictures: "data/pictures/scenes/.." } }))
    expect(given.pipeline.params).toEqual({ pictures: `${given.workingFolder}/data/pictures` })
  })
})

describe("params", () => {
  const document = `
version: 1
params:
  count: { type: integer, minimum: 1 }
  seed: { type: integer, default: 7 }
  title: { type: string, default: "x" }
  sizes: { type: array, items: { type: integer }, default: [] }
  model: { type: object, default: { name: { short: clip } } }
stages:
  scenes:
    uses: dataset/scenes
    with: { count: "\${{ params.count }}", seed: "\${{ params.seed }}", sizes: "\${{ params.sizes }}" }
  weights:
    uses: weights/fetch
    with: { name: "\${{ params.title }}-\${{ params.model.name.short }}-\${{ params.seed }}" }
`

  test("come from the command line, files and defaults, in this order", async () => {
    const files = { "a.json": '{ "count": 3, "seed": 8 }', "b.yaml": "seed: 9\nsizes: [1]\n" }
    const given = { params: { count: "5", title: "42" }, paramFiles: ["a.json", "b.yaml"] }
    const pipeline = await pipelineOf(document, files, given)
    expect(pipeline.params).toEqual({
      count: 5,
      seed: 9,
      title: "42",
      sizes: [1],
      model: { name: { short: "clip" } },
    })
    expect(pipeline.tasks.map((task) => task.input)).toEqual([
      { count: 5, seed: 9, sizes: [1] },
      { name: "42-clip-9" },
    ])
  })

  test.each([
    [{}, ["4:3 the param `count` has no value"]],
    [{ count: "many" }, ['--param count:1:1 param `count` must be a whole number, not the text "many"']],
    [{ count: "0" }, ["--param count:1:1 param `count` must be at least 1, not 0"]],
    [
      { count: "1", sizes: "[1, x]" },
      ['--param sizes:1:5 param `sizes.1` must be a whole number, not the text "x"'],
    ],
    [{ count: "[1" }, [expect.stringContaining("--param count:1:")]],
    [{ count: "1", sede: "1" }, ["--param:1:1 unknown param `sede`"]],
  ])("%j", async (params, expected) => {
    expect(await messagesOf(document, {}, { params })).toEqual(expected)
  })

  test("of files that are wrong are reported there", async () => {
    const given = { paramFiles: ["a.yaml", "missing.yaml"] }
    expect(await messagesOf(document, { "a.yaml": "count: 1\ncuont: 2\n" }, given)).toEqual([
      "a.yaml:2:1 unknown param `cuont`",
      "missing.yaml:1:1 `missing.yaml` doesn't exist",
    ])
  })

  test.each([
    ["{ type: strin }", ["4:14 there is no type `strin`"]],
    ["{ type: integer, minimun: 1 }", ["4:23 unknown key `minimun`"]],
    ["{ type: integer, minimum: low }", ['4:32 `minimum` must be a number, not the text "low"']],
    ["{ type: string, pattern: '(' }", [expect.stringContaining("4:6 this isn't a usable JSON Schema")]],
    ["{ $ref: 'http://example.com' }", [expect.stringContaining("4:6 this isn't a usable JSON Schema")]],
    ["{ enum: [a, b], default: c }", ['4:31 param `a` must be a or b, not the text "c"']],
    ["42", ["4:6 `a` must be a map, not 42"]],
  ])("declared as %s", async (schema, expected) => {
    const text = `version: 1\nstages: { w: { uses: weights/fetch, with: { name: "\${{ params.a }}" } } }\nparams:\n  a: ${schema}\n`
    expect(await messagesOf(text)).toEqual(expected)
  })
})

describe("imports", () => {
  const main = (imports: string) =>
    `version: 1\nimports: [${imports}]\nstages:\n  s: { uses: dataset/scenes }\n`

  test("give their params, stages and outputs, once", async () => {
    const pipeline = await pipelineOf(main("a.yaml, sub/b.yaml"), {
      "a.yaml": "imports: [sub/b.yaml]\noutputs: { o: '${{ stages.b.outputs.shards }}' }\n",
      "sub/b.yaml": "params: { p: { default: 1 } }\nstages: { b: { uses: dataset/scenes } }\n",
    })
    expect(pipeline.tasks.map(({ id, location }) => [id, location.file])).toEqual([
      ["b", "sub/b.yaml"],
      ["s", "main.yaml"],
    ])
    expect(pipeline).toMatchObject({ params: { p: 1 }, outputs: { o: { task: "b" } } })
  })

  test("declare nothing twice", async () => {
    const [mistake] = await mistakesOf(main("a.yaml"), {
      "a.yaml": "stages: { s: { uses: dataset/scenes } }\n",
    })
    expect(mistake).toMatchObject({
      line: 4,
      column: 3,
      message: "another file declares the stage `s` too",
      related: { file: "a.yaml", line: 1, column: 11 },
    })
  })

  test("don't go in circles", async () => {
    const files = { "a.yaml": "imports: [sub/b.yaml]\n", "sub/b.yaml": "imports: [../a.yaml]\n" }
    expect(await messagesOf(main("a.yaml"), files)).toEqual([
      "sub/b.yaml:1:11 files import each other in a circle: a.yaml → sub/b.yaml → a.yaml",
    ])
    expect(await messagesOf(main("main.yaml"))).toEqual([
      "2:11 files import each other in a circle: main.yaml → main.yaml",
    ])
  })

  test("that can't be read don't hide other mistakes, nor make up any", async () => {
    const text =
      `${main("'https://example.com/a.yaml', /a.yaml, b.yaml, sub")}    nedes: [unheard-of]\n    with: { seed: "\${{ params.elsewhere }}" }\n`.replace(
        "s: { uses: dataset/scenes }",
        "s:\n    uses: dataset/scenes",
      )
    expect(await messagesOf(text, { "sub/a": "" })).toEqual([
      "2:11 an import must be a file, relative to the file that imports it",
      "2:41 an import must be a file, relative to the file that imports it",
      "2:50 `b.yaml` doesn't exist",
      "2:58 `sub` isn't a file",
      "6:5 unknown key `nedes`",
    ])
  })

  test("are small and UTF-8", async () => {
    const files = { "a.yaml": `# ${"x".repeat(1_000_001)}` }
    expect(await messagesOf(main("a.yaml"), files)).toEqual([
      "2:11 `a.yaml` is larger than such a file may be (1000000 bytes)",
    ])
  })
})

describe("values that a program gives", () => {
  const DOCUMENT = `
version: 1
params:
  seeds: { type: array, items: { type: integer } }
  images: { type: string, format: path, default: nowhere }
stages:
  scenes: { uses: dataset/scenes, matrix: { seed: "\${{ params.seeds }}" } }
  train: { uses: train/diva, with: { model: weights, images: "\${{ params.images }}" } }
`
  const loadWith = (params: { readonly [name: string]: Json }) =>
    load({ "main.yaml": DOCUMENT, "weights/x": "", "data/x": "" }, { values: params })

  test("need not be texts, and paths are relative to the working folder", async () => {
    const { pipeline, workingFolder } = await Effect.runPromise(loadWith({ seeds: [1, 2], images: "data" }))
    expect(pipeline.params).toEqual({ seeds: [1, 2], images: `${workingFolder}/data` })
    expect(pipeline.tasks).toHaveLength(3)
  })

  test("are checked as all others are", async () => {
    const { message } = await Effect.runPromise(Effect.flip(loadWith({ seeds: [1, "two"], seed: 3 })))
    expect(message).toContain('params:1:1: error: param `seeds.1` must be a whole number, not the text "two"')
    expect(message).toContain("params:1:1: error: unknown param `seed`")
  })
})
