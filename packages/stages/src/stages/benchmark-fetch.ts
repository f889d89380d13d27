import { defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Fetches a benchmark of the catalogue, or any repository of data in a layout that is read. */
export const benchmarkFetch = defineStage({
  name: "benchmark/fetch",
  version: 1,
  summary:
    "Fetches a benchmark of the catalogue, or a repository of data, from Hugging Face; every file is checked by its digest",
  input: Type.Object(
    {
      name: Type.String({
        description:
          "A name of the catalogue, such as cifar-10 (`diva-pipeline benchmarks` lists them); or any other, when a repository is given",
        minLength: 1,
        maxLength: 200,
      }),
      repository: Type.Optional(
        Type.String({
          description: "A repository of data on Hugging Face, owner/name, all of whose files are fetched",
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
      split: Type.Optional(
        Type.String({
          description: "The split, where it isn't the catalogue's",
          pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
          maxLength: 100,
        }),
      ),
    },
    { additionalProperties: false },
  ),
  outputs: {
    benchmark: {
      kind: "benchmark",
      description: "The benchmark's files, and manifest.json with their digests and commit",
    },
  },
  isolation: "inline",
  secrets: ["HF_TOKEN"],
  run: Effect.fnUntraced(function* (input, context) {
    const { fetchBenchmark } = yield* Effect.promise(() => import("../evaluation/catalogue/index.ts"))
    const job = {
      output: context.outputs.benchmark,
      checkpoint: context.checkpoint,
      environment: context.environment,
      signal: context.signal,
    }
    yield* fetchBenchmark(input, job, context)
  }),
})
