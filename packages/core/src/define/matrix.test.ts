import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { InvalidPipeline, loadPipeline, type Pipeline } from "../pipeline/index.ts"
import { makeFolder, removeFolder } from "../run/fixtures/engine.ts"
import { gather, grow, registry } from "../run/fixtures/stages.ts"
import { definePipeline, type PipelineBuilder } from "./index.ts"

const folder = makeFolder()
afterAll(() => removeFolder(folder))

const DOCUMENT = `version: 1
name: sweep
stages:
  first: { uses: test/grow }
  seeds:
    uses: test/grow
    matrix: { seed: [1, 2], files: [3, 4] }
    with: { seed: "\${{ matrix.seed }}", files: "\${{ matrix.files }}" }
    needs: [first]
  sum:
    uses: test/gather
    matrix: { seed: [1, 2] }
    with: { from: "\${{ stages.seeds.outputs.folder }}", pause: "\${{ matrix.seed }}" }
  cases:
    uses: test/grow
    matrix: { include: [{ id: small, files: 1 }, { id: "a b", files: 2 }] }
    with: { files: "\${{ matrix.files }}" }
  all:
    uses: test/gather
    with: { from: "\${{ stages.sum.*.outputs.sum }}" }
    needs: [cases]
outputs: { all: "\${{ stages.all.outputs.sum }}" }
`

const declare = (p: PipelineBuilder) => {
  const first = p.stage("first", grow, {})
  const seeds = p.matrix("seeds", { seed: [1, 2], files: [3, 4] }, grow, (values) => values, {
    needs: [first],
  })
  const sum = p.matrix("sum", { seed: [1, 2] }, gather, ({ seed }) => ({
    from: seeds.members.filter(({ values }) => values.seed === seed).map(({ outputs }) => outputs.folder),
    pause: seed,
  }))
  const sizes = [
    { id: "small", files: 1 },
    { id: "a b", files: 2 },
  ]
  const cases = p.matrix("cases", sizes, grow, ({ files }) => ({ files }))
  return { all: p.stage("all", gather, { from: sum.outputs.sum }, { needs: [cases] }).outputs.sum }
}

/** All that matters of the tasks, in a comparable form. */
const shapeOf = ({ tasks, outputs }: Pipeline) => {
  const shapes = tasks.map(({ location: _, stage, needs, ...task }) => ({
    ...task,
    stage: stage.name,
    needs: [...needs].sort(),
  }))
  return { tasks: shapes.sort((a, b) => (a.id < b.id ? -1 : 1)), outputs }
}

const mistakesOf = (wrong: (p: PipelineBuilder) => void) =>
  definePipeline({ name: "wrong", folder }, (p) => {
    wrong(p)
    return {}
  }).pipe(
    Effect.flip,
    Effect.map((error) => (error instanceof InvalidPipeline ? error.diagnostics : [])),
    Effect.provide(NodeServices.layer),
  )

describe("a matrix in TypeScript", () => {
  it.effect("is the one that a document declares: the same tasks, names, needs and inputs", () =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "sweep.yaml"), DOCUMENT)
      const written = yield* loadPipeline("sweep.yaml", { registry, workingFolder: folder })
      const defined = yield* definePipeline({ name: "sweep", folder }, declare)
      assert.deepStrictEqual(shapeOf(defined), shapeOf(written))
      assert.include(
        defined.tasks.map(({ id }) => id),
        'cases[id="a b",files=2]',
      )
    }).pipe(Effect.provide(NodeServices.layer)),
  )

  it.effect("gives one member by its values, and settings to each", () =>
    Effect.gen(function* () {
      const { tasks } = yield* definePipeline({ name: "one", folder }, (p) => {
        const seeds = p.matrix(
          "seeds",
          { seed: [1, 2] },
          grow,
          ({ seed }) => ({ seed }),
          ({ seed }) => ({ timeout: `${seed}m` }),
        )
        const two = seeds.at({ seed: 2 })
        return { two: p.stage("two", gather, { from: [two.outputs.folder] }, { needs: [two] }).outputs.sum }
      })
      assert.deepStrictEqual(
        tasks.map(({ id, needs, timeout }) => [id, needs, timeout]),
        [
          ["seeds[seed=1]", [], 60],
          ["seeds[seed=2]", [], 120],
          ["two", ["seeds[seed=2]"], undefined],
        ],
      )
    }).pipe(Effect.provide(NodeServices.layer)),
  )

  it.effect("has its mistakes told, those of a member once for each", () =>
    Effect.gen(function* () {
      const mistakes = yield* mistakesOf((p) => {
        const seeds = p.matrix("seeds", { seed: [1, 2], files: [1, 2] }, grow, (values) => values)
        seeds.at({ seed: 1 })
        // @ts-expect-error there is no such value
        seeds.at({ seed: 3 })
        // @ts-expect-error there is no such key
        seeds.at({ sede: 1 })
        // @ts-expect-error members have no such value
        p.matrix("other", { seed: [1, 1] }, grow, ({ sede }) => ({ seed: sede }))
        // @ts-expect-error a text is no number
        p.matrix("text", { seed: ["one"] }, grow, ({ seed }) => ({ seed }))
        p.matrix("seeds", { seed: [1] }, grow, (values) => values)
      })
      assert.deepStrictEqual(
        mistakes.map(({ message }) => message),
        [
          'stage `seeds` has 2 members with {"seed":1}',
          'stage `seeds` has no member with {"seed":3}',
          'stage `seeds` has no member with {"sede":1}',
          "the matrix has the member `other[seed=1]` twice",
          'input `seed` of `test/grow` must be a whole number, not the text "one"',
          "there is a stage `seeds` already",
        ],
      )
      for (const { excerpt } of mistakes) assert.match(excerpt?.line ?? "", /p\.matrix\(|seeds\.at\(/)
    }),
  )
})
