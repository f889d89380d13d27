import { defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Handwritten digits of MNIST, to learn from and to be tested on. */
export const datasetDigits = defineStage({
  name: "dataset/digits",
  version: 1,
  summary: "Real MNIST digits: shards to train on and a zero-shot benchmark of others",
  input: Type.Object(
    {
      "train-count": Type.Integer({
        description: "Digits to train on",
        default: 8000,
        minimum: 0,
        maximum: 10_000,
      }),
      "test-count": Type.Integer({
        description: "Digits of the benchmark; there are 10 000 in all",
        default: 2000,
        minimum: 1,
        maximum: 10_000,
      }),
      seed: Type.Integer({
        description: "What decides which digits are for testing",
        default: 0,
        minimum: 0,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    train: { kind: "webdataset", description: "Shards of .png, .txt (a caption) and .cls (the digit)" },
    benchmark: {
      kind: "classification-benchmark",
      description: "Test shards, classnames.txt and zeroshot_classification_templates.txt",
    },
  },
  isolation: "inline",
  run: Effect.fnUntraced(function* (input, context) {
    const { generateDigits } = yield* Effect.promise(() => import("../datasets/digits/index.ts"))
    const options = { trainCount: input["train-count"], testCount: input["test-count"], seed: input.seed }
    yield* Effect.tryPromise({
      try: () => generateDigits(options, context.outputs),
      catch: (cause) =>
        cause instanceof StageFailure
          ? cause
          : permanent(`the digits could not be written: ${String(cause)}`),
    })
  }),
})
