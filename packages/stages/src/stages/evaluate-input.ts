import { artefact, permanent, type StageContext, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { type Static, type TProperties, Type } from "typebox"
import {
  type ConditionDesign,
  completeDesign,
  designNamed,
  designNames,
  designSchema,
  isDesignName,
} from "../condition/designs/index.ts"
import type { BenchmarkTask } from "../evaluation/catalogue/index.ts"

/** The model that is evaluated. */
export const modelInput = artefact("weights | conditioned-model", {
  description: "The CLIP model, tuned or not",
})

/** A benchmark of any task, in any layout. */
export const benchmarkInput = artefact(
  "benchmark | classification-benchmark | retrieval-benchmark | pairs-benchmark | images | webdataset",
  { description: "The benchmark: a folder in one of the layouts of docs/evaluation.md, or a table" },
)

export const splitInput = Type.String({
  description: "The split of the benchmark",
  default: "test",
  pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
  maxLength: 100,
})

/** The names of the views. */
export const viewName = Type.Union([
  Type.Literal("class"),
  Type.Literal("all-tokens"),
  Type.Literal("original"),
])

const VIEWS =
  "the class token; class token and mean of all patch tokens; or the one that the design's own evaluation scores"

/** How images' features are computed, whatever is done with them. */
export const encodingInputs = {
  design: Type.Optional(
    Type.Union([Type.Enum(designNames), designSchema], {
      description:
        "The design whose feature the original view scores, by name or your own; the tuned model's when absent",
    }),
  ),
  draws: Type.Integer({
    description: "How often the original view draws its random tokens; metrics are means over the draws",
    default: 5,
    minimum: 1,
    maximum: 100,
  }),
  seed: Type.Integer({ description: "The seed of those draws", default: 0, minimum: 0 }),
  batch: Type.Integer({ description: "Images a batch", default: 32, minimum: 1, maximum: 4096 }),
} satisfies TProperties

/** What scores are told by, and how they are called. */
export const scoreInputs = {
  label: Type.String({
    description: "The benchmark's name in metrics and report, such as digits",
    default: "benchmark",
    minLength: 1,
    maxLength: 100,
  }),
  "model-label": Type.Optional(
    Type.String({ description: "The model's name in the metrics", minLength: 1, maxLength: 100 }),
  ),
  view: Type.Union([...viewName.anyOf], {
    description: `The image feature that is scored: ${VIEWS}`,
    default: "class",
  }),
} satisfies TProperties

const places = (description: string, defaults: ReadonlyArray<number>) =>
  Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), {
    description,
    default: [...defaults],
    minItems: 1,
    maxItems: 20,
    uniqueItems: true,
  })

/** Among how many of the best a match counts. */
export const placeInputs = {
  "top-k": places(
    "The k of a classification's accuracies; those above the number of classes are left out",
    [1, 5],
  ),
  "recall-k": places("The k of a retrieval's recalls", [1, 5, 10]),
} satisfies TProperties

/** The input schema of an evaluation in one go. */
export const evaluationInput = <const Kind extends string>(benchmarkKind: Kind, benchmark: string) =>
  Type.Object(
    {
      model: modelInput,
      benchmark: artefact(`benchmark | ${benchmarkKind}`, { description: benchmark }),
      ...scoreInputs,
      ...encodingInputs,
    },
    { additionalProperties: false },
  )

type EvaluationInput = Static<ReturnType<typeof evaluationInput>>

/** The output of every evaluation. */
export const metricsOutput = {
  metrics: {
    kind: "metrics",
    description: "Metrics with 95 % intervals and the outcome of every item",
    file: "metrics.json",
  },
} as const

type Library = typeof import("../evaluation/index.ts")

/** Runs a part of the evaluation library; what it throws becomes a failure of the stage. */
export const withLibrary = <Output extends string>(
  context: StageContext<Output>,
  run: (library: Library) => Promise<void>,
): Effect.Effect<void, StageFailure> =>
  Effect.tryPromise({
    try: async () => run(await import("../evaluation/index.ts")),
    catch: (error) => failureOf(error, context.signal),
  })

/** Runs the whole evaluation of a benchmark of some tasks, and writes its metrics. */
export const runEvaluation = (
  tasks: ReadonlyArray<BenchmarkTask>,
  input: EvaluationInput,
  context: StageContext<"metrics">,
): Effect.Effect<void, StageFailure> =>
  withLibrary(context, async ({ evaluate, writeMetrics }) => {
    const { metrics } = await evaluate({
      model: input.model,
      benchmark: input.benchmark,
      split: "test",
      against: [],
      tasks,
      views: viewsOf(input),
      batch: input.batch,
      signal: context.signal,
      progress: context.progress,
      score: scoreOf({ ...input, "top-k": [1, 5], "recall-k": [1, 5, 10] }),
    })
    for (const flag of metrics.flags ?? []) context.log("warning", flag)
    await writeMetrics(context.outputs.metrics, metrics)
  })

/** The request for views that the inputs mean. */
export const viewsOf = ({ draws, seed, design }: Pick<EvaluationInput, "draws" | "seed" | "design">) => ({
  draws,
  seed,
  ...(design === undefined ? {} : { design: resolveDesign(design) }),
})

/** The request for scores that the inputs mean. */
export const scoreOf = (
  input: Pick<EvaluationInput, "label" | "model-label" | "view"> & {
    readonly "top-k": ReadonlyArray<number>
    readonly "recall-k": ReadonlyArray<number>
  },
) => ({
  view: input.view,
  label: input.label,
  ...(input["model-label"] === undefined ? {} : { modelLabel: input["model-label"] }),
  topK: input["top-k"],
  recallK: input["recall-k"],
})

const resolveDesign = (design: NonNullable<EvaluationInput["design"]>): ConditionDesign => {
  if (typeof design !== "string") return completeDesign(design)
  if (isDesignName(design)) return designNamed(design)
  throw permanent(`there is no condition design named "${design}"`, {
    hint: `choose of ${designNames.join(", ")}`,
  })
}

const failureOf = (error: unknown, signal: AbortSignal): StageFailure => {
  if (error instanceof StageFailure) return error
  if (signal.aborted) return new StageFailure({ reason: "cancelled", message: "the evaluation was stopped" })
  const message = error instanceof Error ? error.message : String(error)
  return permanent(`the evaluation failed: ${message}`)
}
