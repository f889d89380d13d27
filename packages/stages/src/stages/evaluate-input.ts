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
import type { EvaluationRequest } from "../evaluation/index.ts"
import type { Metrics } from "../evaluation/metrics/index.ts"

/** The inputs that all evaluations share, with the benchmark that this one takes. */
const properties = <const Kind extends string>(benchmarkKind: Kind, benchmark: string) =>
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
  }) satisfies TProperties

/** The input schema of an evaluation. */
export const evaluationInput = <const Kind extends string>(benchmarkKind: Kind, benchmark: string) =>
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
      const { view: name, draws, seed, design } = input
      const view = await library.resolveView(input.model, {
        name,
        draws,
        seed,
        ...(design === undefined ? {} : { design: resolveDesign(design) }),
      })
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
