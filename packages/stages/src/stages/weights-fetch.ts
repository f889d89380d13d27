import { defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Fetches a checkpoint by name, or by addresses and digests. */
export const weightsFetch = defineStage({
  name: "weights/fetch",
  version: 1,
  summary:
    "Fetches a checkpoint from the catalogue, or from given addresses; every file is checked by its sha256",
  input: Type.Object(
    {
      name: Type.String({
        description:
          "A name of the catalogue, such as micro-clip; or any name, when all files are given below",
        minLength: 1,
        maxLength: 200,
      }),
      files: Type.Array(
        Type.Object(
          {
            path: Type.String({
              description: "The file's place in the folder",
              minLength: 1,
              maxLength: 500,
            }),
            urls: Type.Optional(
              Type.Array(Type.String({ pattern: "^(https?|file)://" }), {
                description: "Where it is to be had (https:, http: or file:), asked in this order",
                maxItems: 20,
              }),
            ),
            sha256: Type.Optional(
              Type.String({ description: "What its digest must be", pattern: "^[0-9a-fA-F]{64}$" }),
            ),
          },
          { additionalProperties: false },
        ),
        {
          description:
            "Files that the catalogue lacks, or more about those that it has: the sha256 where it knows none, and nearer addresses",
          default: [],
          maxItems: 1000,
        },
      ),
    },
    { additionalProperties: false },
  ),
  outputs: {
    weights: { kind: "weights", description: "The checkpoint's files, and manifest.json with their digests" },
  },
  isolation: "inline",
  secrets: ["HF_TOKEN"],
  run: Effect.fnUntraced(function* (input, context) {
    const { fetchWeights } = yield* Effect.promise(() => import("../weights/index.ts"))
    const job = {
      output: context.outputs.weights,
      checkpoint: context.checkpoint,
      token: context.environment.HF_TOKEN || undefined,
    }
    yield* fetchWeights(input, job, context)
  }),
})
