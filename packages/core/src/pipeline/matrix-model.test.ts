// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own expressions
import fc from "fast-check"
import { expect, test } from "vitest"
import { messagesOf, pipelineOf } from "./fixture.ts"
import { type Json, OutputReference } from "./pipeline.ts"

type Values = Readonly<Record<string, Json>>

/** A matrix as a document says it; `inner` is a list that each value of `model` brings along. */
interface MatrixPlan {
  readonly models: ReadonlyArray<{ readonly name: string; readonly rates: ReadonlyArray<number> }> | undefined
  readonly axes: Readonly<Record<string, ReadonlyArray<Json>>>
  readonly exclude: ReadonlyArray<Values>
  readonly include: ReadonlyArray<Values>
}

const scalar = fc.constantFrom<Json>(0, 1, 2, "0", "1", "x", true, null)
const list = fc.uniqueArray(scalar, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) })
const models = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("s", "m", "l"),
    rates: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
)
const some = (names: ReadonlyArray<string>) =>
  fc.dictionary(fc.constantFrom(...names), scalar, { minKeys: 1, maxKeys: 3, noNullPrototype: true })

const plan: fc.Arbitrary<MatrixPlan> = fc.record({
  models: fc.option(models, { nil: undefined }),
  axes: fc.dictionary(fc.constantFrom("a", "b", "c"), list, { maxKeys: 3, noNullPrototype: true }),
  exclude: fc.array(some(["a", "b", "c", "rate"]), { maxLength: 3 }),
  include: fc.array(some(["a", "b", "c", "note", "other"]), { maxLength: 4 }),
})

const same = (one: Json | undefined, other: Json | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
const agrees = (values: Values, item: Values, keys: ReadonlyArray<string>): boolean =>
  keys.every((key) => same(values[key], item[key]))

/** The keys whose lists span the matrix, in the document's order. */
const axisNames = ({ models, axes }: MatrixPlan): ReadonlyArray<string> => [
  ...(models === undefined ? [] : ["model", "rate"]),
  ...Object.keys(axes),
]

/** What `exclude` may name. */
const excludable = (whole: MatrixPlan): ReadonlyArray<Values> =>
  whole.exclude.filter((item) => Object.keys(item).every((key) => axisNames(whole).includes(key)))

const combinations = ({ models, axes }: MatrixPlan): ReadonlyArray<Values> => {
  let members: ReadonlyArray<Values> = models?.flatMap((model) =>
    model.rates.map((rate): Values => ({ model, rate })),
  ) ?? [{}]
  for (const [key, values] of Object.entries(axes))
    members = members.flatMap((member) => values.map((value) => ({ ...member, [key]: value })))
  return members
}

/** The members as the language's page describes them, in the simplest way. */
const membersOf = (whole: MatrixPlan): ReadonlyArray<Values> => {
  const names = axisNames(whole)
  const excluded = excludable(whole)
  const spanned =
    names.length === 0
      ? []
      : combinations(whole).filter((one) => !excluded.some((item) => agrees(one, item, Object.keys(item))))
  const extra: ReadonlyArray<Record<string, Json>> = spanned.map(() => ({}))
  const added: Array<Values> = []
  for (const item of whole.include) {
    const own = Object.keys(item).filter((key) => names.includes(key))
    let isMatched = false
    for (const [at, member] of spanned.entries()) {
      if (!agrees(member, item, own)) continue
      isMatched = true
      for (const [key, value] of Object.entries(item))
        if (!own.includes(key)) Object.assign(extra[at] ?? {}, { [key]: value })
    }
    if (!isMatched) added.push(item)
  }
  return [...spanned.map((member, at) => ({ ...member, ...extra[at] })), ...added]
}

const matrixOf = (whole: MatrixPlan): Json => ({
  ...(whole.models !== undefined && { model: [...whole.models], rate: "${{ matrix.model.rates }}" }),
  ...whole.axes,
  ...(whole.exclude.length > 0 && { exclude: excludable(whole) }),
  ...(whole.include.length > 0 && { include: whole.include }),
})

const documentOf = (matrix: Json, stages: Readonly<Record<string, Json>> = {}): string =>
  JSON.stringify({
    version: 1,
    stages: { w: { uses: "weights/fetch", with: { name: "x" }, matrix }, ...stages },
  })

const canonical = (values: Values): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))

test("a matrix has the members that a naive reading of it has, in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (whole) => {
      const expected = membersOf(whole)
      const document = documentOf(matrixOf(whole))
      const twice = new Set(expected.map(canonical)).size < expected.length
      if (twice || expected.length === 0) {
        // Two members alike, or a pipeline without tasks: a mistake, and no crash.
        for (const message of await messagesOf(document)) expect(message).toMatch(/twice|no stages|no task/)
        return
      }
      const { tasks } = await pipelineOf(document)
      expect(tasks.map(({ matrix }) => matrix)).toEqual(expected)
      expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length)
    }),
    { numRuns: 150 },
  )
})

/** A stage that takes outputs of `w` in one way or another. */
const taker = (models: string, more: Readonly<Record<string, Json>> = {}): Json => ({
  uses: "report/summary",
  with: { models },
  ...more,
})

test("what gathers a matrix gets its members in their order, all or those that agree, without those left out", async () => {
  const axes = fc.record({
    a: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
    b: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(axes, fc.integer({ min: -1, max: 4 }), async ({ a, b }, left) => {
      const kept = a.flatMap((x) => b.map((y) => ({ a: x, b: y }))).filter((one) => one.b !== left)
      // Somebody must be left to gather, for each `a`.
      fc.pre(kept.length > 0)
      const when = `\${{ matrix.b != ${left} }}`
      const w = { uses: "weights/fetch", with: { name: "x" }, matrix: { a, b }, when }
      const all = taker("${{ stages.w.*.outputs.weights }}")
      const agreeing = taker("${{ stages.w.outputs.weights }}", { matrix: { a: [...a].reverse() } })
      const text = JSON.stringify({ version: 1, stages: { w, all, agreeing } })
      const { tasks } = await pipelineOf(text)
      const references = (some: ReadonlyArray<{ a: number; b: number }>) =>
        some.map((one) => new OutputReference(`w[a=${one.a},b=${one.b}]`, "weights"))
      const inputOf = (id: string) => tasks.find((one) => one.id === id)?.input.models
      expect(inputOf("all")).toEqual(references(kept))
      for (const x of a) {
        expect(inputOf(`agreeing[a=${x}]`)).toEqual(references(kept.filter((one) => one.a === x)))
      }
    }),
    { numRuns: 40 },
  )
})
