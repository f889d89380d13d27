import { Ajv } from "ajv"
import { Effect, Schema } from "effect"
import type { TObject } from "typebox"
import { type AnyStage, permanent, type StageModule, StageUnusable } from "../stage/index.ts"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isObjectSchema = (value: unknown): value is TObject =>
  isObject(value) &&
  "type" in value &&
  value.type === "object" &&
  "properties" in value &&
  isObject(value.properties)

const Text = Schema.String.check(Schema.isMinLength(1))
/** Outputs are folders, and files in them. */
const FileName = Schema.String.check(Schema.isPattern(/^(?!\.{1,2}$)[^/\\\0]+$/))

/** A stage as its module's process describes it. */
export const Definition = Schema.Struct({
  name: Text,
  version: Schema.Number,
  summary: Schema.String,
  input: Schema.declare(isObjectSchema, { expected: "the schema of an object, by TypeBox's Type.Object" }),
  outputs: Schema.Record(
    FileName,
    Schema.Struct({ kind: Text, description: Schema.String, file: Schema.optionalKey(FileName) }),
  ),
  resources: Schema.optionalKey(
    Schema.Struct({
      cpu: Schema.optionalKey(Schema.Number),
      memory: Schema.optionalKey(Schema.Number),
      gpu: Schema.optionalKey(Schema.Number),
      pools: Schema.optionalKey(Schema.Record(Schema.String, Schema.Number)),
    }),
  ),
  isolation: Schema.Literals(["inline", "host"]),
  secrets: Schema.optionalKey(Schema.Array(Schema.String)),
  environment: Schema.optionalKey(Schema.Array(Schema.String)),
  run: Schema.Literal("function"),
})
export type Definition = typeof Definition.Type

const decode = Schema.decodeUnknownEffect(Definition)

const NOT_A_STAGE = "the default export is what `defineStage` gives, or in a package a list of that"

/** Checks what a module says of a stage. */
export const checkDefinition = Effect.fnUntraced(function* (
  described: unknown,
): Effect.fn.Return<Definition, StageUnusable> {
  if (!isObject(described)) {
    return yield* new StageUnusable({ message: "its default export is no stage", hint: NOT_A_STAGE })
  }
  const definition = yield* Effect.mapError(
    decode(described),
    ({ message }) =>
      new StageUnusable({
        message: `its default export is no stage: ${message.replace(/\s*\n\s*/g, " ")}`,
        hint: NOT_A_STAGE,
      }),
  )
  yield* Effect.try({
    try: () => new Ajv({ strict: false, logger: false }).compile(definition.input),
    catch: (error) =>
      new StageUnusable({
        message: `the schema of its input can't be used: ${error instanceof Error ? error.message : String(error)}`,
      }),
  })
  return definition
})

/** The stage that runs a definition's code, in a host whatever the definition says: the code is the user's. */
export const stageOf = ({ run: _, ...definition }: Definition, module: StageModule): AnyStage => ({
  ...definition,
  isolation: "host",
  module,
  run: () => permanent(`${definition.name} runs in a host process only`),
})
