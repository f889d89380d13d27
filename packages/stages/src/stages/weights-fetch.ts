import { defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Fetches a checkpoint by name, or by addresses and digests. */
export const weightsFetch = defineStage({
  name: "weights/fetch",
  version: 3,
  summary:
    "Fetches a checkpoint from the catalogue, a repository of Hugging Face, or given addresses; every file is checked by its digest",
  input: Type.Object(
    {
      name: Type.String({
        description:
          "A name of the catalogue, such as micro-clip; or any other, when a repository or all files are given below",
        minLength: 1,
        maxLength: 200,
      }),
      repository: Type.Optional(
        Type.String({
          description: "A repository of models on Hugging Face: owner/name",
          pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*$",
          maxLength: 200,
        }),
      ),
      revision: Type.Optional(
        Type.String({
          description: "A commit, branch or tag of the repository; main where none is given",
          minLength: 1,
          maxLength: 200,
        }),
      ),
      include: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
        description:
          "Patterns of the repository's files, such as *.safetensors; all files where there are none",
        default: [],
        maxItems: 100,
      }),
      exclude: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
        description: "Patterns of files that are left out",
        default: [],
        maxItems: 100,
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
              Type.Array(Type.String({ pattern: "^(https?|file|hf)://" }), {
                description:
                  "Where it is to be had (https:, http:, file:, or hf://owner/name@revision/path), asked in this order",
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
            "Files that the catalogue or the repository lacks, or more about those that it has: a sha256, and nearer addresses",
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
      environment: context.environment,
      signal: context.signal,
    }
    yield* fetchWeights(input, job, context)
  }),
})
