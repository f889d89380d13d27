// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { renderDiagnostics } from "../document/index.ts"
import { load, messagesOf, mistakesOf } from "./fixture.ts"

const MANY = `version: 2
nmae: many mistakes
params:
  seed: { type: integer, default: -1, minimum: 0 }
  view: { type: string, defualt: class }
stages:
  images:
    uses: dataset/scenez
  scenes:
    uses: dataset/scenes
    with: { count: many, colour: red, seed: "\${{ params.sed }}" }
    timeout: 5 parsecs
    resources: { memory: 4XB }
  fetch:
    uses: weights/fetch
    retry: { attemps: 3 }
  train:
    uses: train/diva
    matrix: { seed: [1, 2] }
    when: "\${{ params.seed > }}"
    with:
      model: "\${{ stages.fetch.outputs.wieghts }}"
      images: \${{ stages.fetch.outputs.weights }}
      learning-rate: 7
      view: clas
      seed: \${{ matrix.sead }}
  first:
    uses: train/diva
    needs: [second]
    with: { model: nowhere, images: "\${{ stages.scenes.outputs.shards }}" }
  second:
    uses: train/diva
    needs: [frist]
    with: { model: "\${{ stages.first.outputs.model }}", images: "\${{ stages.scenes.outputs.shards }}" }
  scenes:
    uses: dataset/scenes
outputs:
  model: \${{ stages.tain.outputs.model }}
  text: a \${{ stages.first.outputs.model }}
`

test("many mistakes in one document are all told, each once, with their places", async () => {
  const diagnostics = await mistakesOf(MANY)
  const withoutFolder = renderDiagnostics(diagnostics, { colour: false }).replace(
    /: \/\S+\/nowhere/,
    ": /…/nowhere",
  )
  expect(withoutFolder).toMatchInlineSnapshot(`
    "main.yaml:1:10: error: \`version\` must be 1, not 2
      version: 2
               ^

    main.yaml:2:1: error: unknown key \`nmae\`
      nmae: many mistakes
      ^^^^
      hint: did you mean \`name\`?

    main.yaml:4:35: error: param \`seed\` must be at least 0, not -1
        seed: { type: integer, default: -1, minimum: 0 }
                                        ^^

    main.yaml:5:25: error: unknown key \`defualt\`
        view: { type: string, defualt: class }
                              ^^^^^^^
      hint: did you mean \`default\`?

    main.yaml:8:11: error: there is no stage \`dataset/scenez\` to use
          uses: dataset/scenez
                ^^^^^^^^^^^^^^
      hint: did you mean \`dataset/scenes\`?

    main.yaml:11:20: error: input \`count\` of \`dataset/scenes\` must be a whole number, not the text "many"
          with: { count: many, colour: red, seed: "\${{ params.sed }}" }
                         ^^^^

    main.yaml:11:26: error: unknown input \`colour\` of \`dataset/scenes\`
          with: { count: many, colour: red, seed: "\${{ params.sed }}" }
                               ^^^^^^
      hint: known are \`count\`, \`seed\`, \`sizes\`

    main.yaml:11:57: error: unknown param \`sed\`
          with: { count: many, colour: red, seed: "\${{ params.sed }}" }
                                                              ^^^
      hint: did you mean \`seed\`?

    main.yaml:12:14: error: \`timeout\` must be a duration such as 500ms, 30s, 5m or 1h30m, not the text "5 parsecs"
          timeout: 5 parsecs
                   ^^^^^^^^^

    main.yaml:13:26: error: \`resources.memory\` must be a size such as 512MB, 4GB or 1.5GiB, not the text "4XB"
          resources: { memory: 4XB }
                               ^^^

    main.yaml:14:3: error: missing input \`name\` of \`weights/fetch\`
        fetch:
        ^^^^^
      hint: \`name\`: Which weights

    main.yaml:16:14: error: unknown key \`attemps\`
          retry: { attemps: 3 }
                   ^^^^^^^
      hint: did you mean \`attempts\`?

    main.yaml:20:30: error: bad expression: something is missing before \`}}\`
          when: "\${{ params.seed > }}"
                                   ^^

    main.yaml:22:40: error: stage \`fetch\` (weights/fetch) has no output \`wieghts\`
            model: "\${{ stages.fetch.outputs.wieghts }}"
                                             ^^^^^^^
      hint: did you mean \`weights\`?

    main.yaml:23:19: error: input \`images\` of \`train/diva\` takes \`webdataset\`, but \`stages.fetch.outputs.weights\` is \`weights\`
            images: \${{ stages.fetch.outputs.weights }}
                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    main.yaml:24:22: error: input \`learning-rate\` of \`train/diva\` must be at most 1, not 7
            learning-rate: 7
                           ^

    main.yaml:25:13: error: input \`view\` of \`train/diva\` must be class or all-tokens, not the text "clas"
            view: clas
                  ^^^^
      hint: did you mean \`class\`?

    main.yaml:26:24: error: unknown matrix key \`sead\`
            seed: \${{ matrix.sead }}
                             ^^^^
      hint: did you mean \`seed\`?

    main.yaml:30:20: error: there is no file or folder \`nowhere\`
          with: { model: nowhere, images: "\${{ stages.scenes.outputs.shards }}" }
                         ^^^^^^^
      hint: a path is relative to the file that says it: /…/nowhere

    main.yaml:33:13: error: there is no stage \`frist\`
          needs: [frist]
                  ^^^^^
      hint: did you mean \`first\`?

    main.yaml:34:25: error: stages need each other in a circle: first → second → first
          with: { model: "\${{ stages.first.outputs.model }}", images: "\${{ stages.scenes.outputs.shards }}" }
                              ^^^^^^^^^^^^^^^^^^^^^^^^^^
      hint: one of these references has to go

    main.yaml:35:3: error: duplicate key \`scenes\`
        scenes:
        ^^^^^^
      main.yaml:9:3: it stands here already
      hint: keep one of the two, or rename one

    main.yaml:38:21: error: there is no stage \`tain\`
        model: \${{ stages.tain.outputs.model }}
                          ^^^^
      hint: did you mean \`train\`?

    main.yaml:39:15: error: the output of a stage can't be part of a text
        text: a \${{ stages.first.outputs.model }}
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
      hint: it must be the whole value: \${{ stages.… }}"
  `)
  expect(diagnostics).toHaveLength(24)
})

describe("one mistake gives one diagnostic", () => {
  const train = (input: string) => `version: 1
stages:
  w: { uses: weights/fetch, with: { name: clip } }
  s: { uses: dataset/scenes }
  t:
    uses: train/diva
    with: ${input}
`
  const good = 'model: "${{ stages.w.outputs.weights }}", images: "${{ stages.s.outputs.shards }}"'

  test.each([
    [`{ ${good} }`, []],
    ["", ["7:5 missing input `model` of `train/diva`", "7:5 missing input `images` of `train/diva`"]],
    [
      `{ ${good}, learning-rate: fast }`,
      ['7:112 input `learning-rate` of `train/diva` must be a number, not the text "fast"'],
    ],
    [`{ ${good}, learning-rat: 0.1 }`, ["7:97 unknown input `learning-rat` of `train/diva`"]],
    [
      `{ ${good}, view: [class] }`,
      ["7:103 input `view` of `train/diva` must be class or all-tokens, not a list"],
    ],
    [
      `{ ${good}, seed: "\${{ stages.w.outputs.weights }}" }`,
      [
        "7:108 input `seed` of `train/diva` must be a whole number, not `stages.w.outputs.weights`, the output of a stage",
      ],
    ],
    [
      `{ ${good}, note: "\${{ stages.w.outputs.weights }}" }`,
      [
        "7:108 input `note` of `train/diva` takes a plain value, not `stages.w.outputs.weights`, the output of a stage",
      ],
    ],
    [`{ ${good}, nota: "\${{ stages.w.outputs.weights }}" }`, ["7:97 unknown input `nota` of `train/diva`"]],
    [
      `{ modle: x, images: "\${{ stages.s.outputs.shards }}" }`,
      ["7:13 unknown input `modle` of `train/diva`"],
    ],
    [
      `{ model: "\${{ stages.t.outputs.model }}", images: "\${{ stages.s.outputs.shards }}" }`,
      ["7:25 stages need each other in a circle: t → t"],
    ],
    [
      `{ model: "\${{ stages.w.outputs }}", images: "\${{ stages.s.outputs.shards }}" }`,
      [
        "7:25 a reference to an output is written stages.STAGE.outputs.OUTPUT, or stages.STAGE.*.outputs.OUTPUT",
      ],
    ],
    [
      `{ model: "\${{ weights }}", images: "\${{ stages.s.outputs.shards }}" }`,
      ["7:25 unknown name `weights`"],
    ],
    [`{ ${good}, note: "\${{ matrix.seed }}" }`, ["7:115 unknown matrix key `seed`"]],
    [
      `{ ${good}, note: "\${{ 1 == stages.w.outputs.weights }}" }`,
      ["7:113 the output of a stage can't be compared: it isn't there before the pipeline runs"],
    ],
    [`[${good}]`, ["7:11 `with` must be a map, or empty, not a list"]],
  ])("with: %s", async (input, expected) => {
    expect(await messagesOf(train(input))).toEqual(expected)
  })

  test.each([
    ["", ["1:1 a pipeline is a map of keys and values"]],
    ["- a\n", ["1:1 a pipeline is a map of keys and values"]],
    ["version: 1\n", ["1:1 the pipeline has no stages"]],
    ["stages: { s: { uses: dataset/scenes } }\n", ["1:1 missing key `version`"]],
    [
      "version: '1'\nstages: { s: { uses: dataset/scenes } }\n",
      ['1:10 `version` must be 1, not the text "1"'],
    ],
    ["version: 1\nstages: { s: }\n", ["2:11 `s` must be a map, not empty"]],
    ["version: 1\nstages: [s]\n", ["2:9 `stages` must be a map, or empty, not a list"]],
    ["version: 1\nstages: { s: { with: {} } }\n", ["2:11 missing key `uses` of `s`"]],
    ["version: 1\nstages: { 's t': { uses: dataset/scenes } }\n", ["2:11 `s t` can't be used as a name"]],
    [
      "version: 1\nname: a/b\nstages: { s: { uses: dataset/scenes } }\n",
      [expect.stringContaining("2:7 `name` must be a text that matches")],
    ],
    [
      "version: 1\nstages: { s: { uses: dataset/scenes, timeout: 30 } }\n",
      ["2:47 `timeout` must be a duration such as 500ms, 30s, 5m or 1h30m, not 30"],
    ],
    [
      "version: 1\nstages: { s: { uses: dataset/scenes, retry: 0 } }\n",
      ["2:45 `retry.attempts` must be at least 1, not 0"],
    ],
    [
      "version: 1\nstages: { s: { uses: dataset/scenes, cache: 'no' } }\n",
      ['2:45 `cache` must be one of true, false, read-only, not the text "no"'],
    ],
    [
      "version: 1\nstages: { s: { uses: dataset/scenes, with: { sizes: [1, 0] } } }\n",
      ["2:57 input `sizes[1]` of `dataset/scenes` must be at least 1, not 0"],
    ],
    [
      "version: 1\nstages: { r: { uses: report/summary, with: { models: [.], options: { logo: x, titel: y } } } }\n",
      ["2:76 there is no file or folder `x`", "2:79 unknown input `titel` of `report/summary`"],
    ],
  ])("%s", async (text, expected) => {
    expect(await messagesOf(text)).toEqual(expected)
  })

  test("and tells where the value comes from", async () => {
    const text = `version: 1\nstages:\n  s:\n    uses: dataset/scenes\n    matrix: { seed: [1, two] }\n    with: { seed: "\${{ matrix.seed }}" }\n`
    expect(await mistakesOf(text)).toMatchObject([
      { line: 6, column: 24, related: { line: 5, column: 25, message: "the value comes from here" } },
    ])
  })
})

test("whatever is done to a document, it is a pipeline or has diagnostics", async () => {
  const edit = fc.record({
    at: fc.nat({ max: MANY.length }),
    removed: fc.nat({ max: 10 }),
    added: fc.constantFrom(
      "",
      "\n",
      " ",
      "${{",
      "}}",
      "[",
      "{",
      "*a",
      "&a ",
      "'",
      ": ",
      "null",
      "seed",
      "-1",
      "\t",
      "__proto__: ",
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
      let text = MANY
      for (const { at, removed, added } of edits) text = text.slice(0, at) + added + text.slice(at + removed)
      const outcome = await Effect.runPromise(Effect.result(load({ "main.yaml": text })))
      if (outcome._tag === "Success") return
      expect(outcome.failure._tag).toBe("InvalidPipeline")
      if (outcome.failure._tag === "InvalidPipeline") {
        expect(outcome.failure.diagnostics.length).toBeGreaterThan(0)
        expect(renderDiagnostics(outcome.failure.diagnostics, { colour: true })).not.toBe("")
      }
    }),
    { numRuns: 150 },
  )
})
