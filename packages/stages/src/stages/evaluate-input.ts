import { artefact, type StageContext, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { type Static, type TProperties, Type } from "typebox"
import type { EvaluationRequest, ScoringRule } from "../evaluation/index.ts"
import type { Metrics } from "../evaluation/metrics/index.ts"

/** The inputs that all evaluations share, with the benchmark that this one takes. */
const properties = (benchmarkKind: string, benchmark: string) =>
  ({
    model: artefact("weights | conditioned-model", { description: "The CLIP model, tuned or not" }),
    benchmark: artefact(benchmarkKind, { description: benchmark }),
    label: Type.String({
      description: "The benchmark's name in metrics and report, such as digits",
      default: "benchmark",
      minLength: 1,
      maxLength: 100,
    }),
    "model-label": Type.Optional(
      Type.String({ description: "The model's name in the metrics", minLength: 1, maxLength: 100 }),
    ),
    view: Type.Union([Type.Literal("class"), Type.Literal("all-tokens"), Type.Literal("original")], {
      description:
        "The image feature that is scored: the class token; class token and mean of all patch tokens; or the one that the design's own evaluation scores",
      default: "class",
    }),
    scoring: Type.Optional(
      Type.Object(
        {
          local: Type.Union(
            [
              Type.Literal("none"),
              Type.Literal("all"),
              Type.Object(
                { draw: Type.Integer({ description: "How many", minimum: 1, maximum: 1_000_000 }) },
                { additionalProperties: false },
              ),
              Type.Object(
                {
                  "draw-share": Type.Number({
                    description: "Which share of all",
                    exclusiveMinimum: 0,
                    maximum: 1,
                  }),
                },
                { additionalProperties: false },
              ),
            ],
            { description: "The patch tokens whose mean is added to the class token", default: "none" },
          ),
          "normalise-tokens": Type.Boolean({
            description: "Bring each token to length 1 before they are added",
            default: false,
          }),
          "normalise-feature": Type.Boolean({
            description: "Bring the feature to length 1 at the end",
            default: true,
          }),
        },
        {
          description: "The rule of the original view; the tuned model's own when absent",
          additionalProperties: false,
        },
      ),
    ),
    draws: Type.Integer({
      description: "How often the original view draws its random tokens; metrics are means over the draws",
      default: 5,
      minimum: 1,
      maximum: 100,
    }),
    seed: Type.Integer({ description: "The seed of those draws", default: 0, minimum: 0 }),
    batch: Type.Integer({ description: "Images a batch", default: 32, minimum: 1, maximum: 4096 }),
  }) satisfies TProperties

/** The input schema of an evaluation. */
export const evaluationInput = (benchmarkKind: string, benchmark: string) =>
  Type.Object(properties(benchmarkKind, benchmark), { additionalProperties: false })

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

/** Runs one of the library's evaluations and writes its metrics. */
export const runEvaluation = Effect.fnUntraced(function* (
  choose: (library: Library) => (request: EvaluationRequest) => Promise<Metrics>,
  input: EvaluationInput,
  context: StageContext<"metrics">,
) {
  const library = yield* Effect.promise(() => import("../evaluation/index.ts"))
  yield* Effect.tryPromise({
    try: async () => {
      const { view: name, draws, seed } = input
      const view = await library.resolveView(input.model, { name, draws, seed, ...ruleOf(input) })
      const metrics = await choose(library)({
        model: input.model,
        benchmark: input.benchmark,
        label: input.label,
        ...(input["model-label"] === undefined ? {} : { modelLabel: input["model-label"] }),
        view,
        batch: input.batch,
        signal: context.signal,
        progress: context.progress,
      })
      await library.writeMetrics(context.outputs.metrics, metrics)
    },
    catch: (error) => failureOf(error, context.signal),
  })
})

const ruleOf = ({ scoring }: EvaluationInput): { scoring?: ScoringRule } => {
  if (scoring === undefined) return {}
  const { local } = scoring
  return {
    scoring: {
      local: typeof local === "object" && "draw-share" in local ? { drawShare: local["draw-share"] } : local,
      normaliseTokens: scoring["normalise-tokens"],
      normaliseFeature: scoring["normalise-feature"],
    },
  }
}

const failureOf = (error: unknown, signal: AbortSignal): StageFailure => {
  if (error instanceof StageFailure) return error
  if (signal.aborted) return new StageFailure({ reason: "cancelled", message: "the evaluation was stopped" })
  const message = error instanceof Error ? error.message : String(error)
  return new StageFailure({ reason: "permanent", message: `the evaluation failed: ${message}` })
}
