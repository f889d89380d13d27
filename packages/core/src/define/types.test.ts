import { Effect } from "effect"
import { Type } from "typebox"
import { describe, expectTypeOf, test } from "vitest"
import { artefact, defineStage } from "../stage/index.ts"
import type { DefinedMatrix, MemberValues } from "./matrix.ts"
import type { Given, StageOutputs } from "./types.ts"
import type { LocalPath, StageOutput } from "./values.ts"

const train = defineStage({
  name: "test/train",
  version: 1,
  summary: "Trains",
  input: Type.Object({
    model: artefact("weights | conditioned-model"),
    logo: Type.Optional(artefact("image")),
    before: Type.Array(artefact("metrics"), { default: [] }),
    extras: Type.Record(Type.String(), artefact("any"), { default: {} }),
    view: Type.Union([Type.Literal("class"), Type.Literal("all")], { default: "class" }),
    seed: Type.Integer({ default: 0 }),
  }),
  outputs: {
    weights: { kind: "weights", description: "Weights" },
    log: { kind: "training-log", description: "Log", file: "log.jsonl" },
  },
  isolation: "host",
  run: (input, context) => {
    expectTypeOf(input.model).toEqualTypeOf<string>()
    expectTypeOf(input.before).toEqualTypeOf<string[]>()
    expectTypeOf(context.outputs).toEqualTypeOf<Readonly<Record<"weights" | "log", string>>>()
    return Effect.void
  },
})

type Input = Given<(typeof train)["input"]>

describe("the types of a stage's input", () => {
  test("an artefact is an output of a kind that it takes, or a path", () => {
    expectTypeOf<StageOutput<"weights">>().toExtend<Input["model"]>()
    expectTypeOf<StageOutput<"any">>().toExtend<Input["model"]>()
    expectTypeOf<LocalPath>().toExtend<Input["model"]>()
    expectTypeOf<StageOutput<"metrics">>().not.toExtend<Input["model"]>()
    expectTypeOf<string>().not.toExtend<Input["model"]>()
    expectTypeOf<{ a: StageOutput<"metrics"> }>().toExtend<NonNullable<Input["extras"]>>()
  })
  test("lists hold what their items take", () => {
    expectTypeOf<StageOutput<"metrics">[]>().toExtend<NonNullable<Input["before"]>>()
    expectTypeOf<StageOutput<"weights">[]>().not.toExtend<NonNullable<Input["before"]>>()
  })
  test("other inputs take their schema's values", () => {
    expectTypeOf<NonNullable<Input["view"]>>().toEqualTypeOf<"class" | "all">()
    expectTypeOf<NonNullable<Input["seed"]>>().toEqualTypeOf<number>()
  })
  test("only artefacts that aren't optional must be there", () => {
    expectTypeOf<{ model: LocalPath }>().toExtend<Input>()
    expectTypeOf<{ seed: number }>().not.toExtend<Input>()
  })
})

test("outputs have the kinds of their definitions", () => {
  type Outputs = StageOutputs<(typeof train)["outputs"]>
  expectTypeOf<Outputs["weights"]>().toEqualTypeOf<StageOutput<"weights">>()
  expectTypeOf<keyof Outputs>().toEqualTypeOf<"weights" | "log">()
})

describe("the types of a matrix", () => {
  test("are the values that were listed", () => {
    type Axes = MemberValues<{ seed: readonly [1, 2]; view: readonly ["class"] }>
    expectTypeOf<Axes>().toEqualTypeOf<{ readonly seed: 1 | 2; readonly view: "class" }>()
    type Cases = MemberValues<ReadonlyArray<{ readonly id: string; readonly count: number }>>
    expectTypeOf<Cases>().toEqualTypeOf<{ readonly id: string; readonly count: number }>()
  })
  test("keep the kinds of outputs, for all members and for one", () => {
    type Matrix = DefinedMatrix<{ readonly seed: number }, (typeof train)["outputs"]>
    expectTypeOf<Matrix["outputs"]["weights"]>().toEqualTypeOf<ReadonlyArray<StageOutput<"weights">>>()
    expectTypeOf<ReturnType<Matrix["at"]>["outputs"]["log"]>().toEqualTypeOf<StageOutput<"training-log">>()
    expectTypeOf<Matrix["outputs"]["weights"]>().not.toExtend<NonNullable<Input["before"]>>()
  })
})
