import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Scores, and before and after, as a page, a text, tables, figures and data. */
export const reportSummary = defineStage({
  name: "report/summary",
  version: 5,
  summary:
    "Scores of any models on any benchmarks, with intervals; compares before and after training: a page, tables, figures, data",
  input: Type.Object(
    {
      title: Type.String({
        description: "The report's title",
        default: "Report",
        minLength: 1,
        maxLength: 200,
      }),
      before: Type.Array(artefact("metrics"), {
        description: "Metrics of the model before training",
        default: [],
        maxItems: 100_000,
      }),
      after: Type.Array(artefact("metrics"), {
        description:
          "Metrics of the model after training, matched to those before by kind, label, view and model label (a single model before is compared with all after); several of one label are runs with different seeds",
        default: [],
        maxItems: 100_000,
      }),
      margin: Type.Number({
        description:
          "Percentage points: a score counts as preserved when a change beyond them, up or down, is excluded",
        default: 1,
        exclusiveMinimum: 0,
        maximum: 100,
      }),
      imported: Type.Array(artefact("imported-results"), {
        description: "Results of other programs, to stand beside ours",
        default: [],
        maxItems: 100,
      }),
      predictions: Type.Array(artefact("predictions"), {
        description:
          "Predictions of any benchmarks, for the worst mistakes, and of classifications for what was mistaken for what; of more than 24 the first are shown",
        default: [],
        maxItems: 100_000,
      }),
      images: Type.Array(
        artefact("benchmark | classification-benchmark | pairs-benchmark | retrieval-benchmark"),
        {
          description:
            "The benchmarks of those predictions, in whatever layout, for pictures of the worst mistakes",
          default: [],
          maxItems: 100,
        },
      ),
      training: Type.Optional(
        artefact("training-log", { description: "The training's log, drawn as a loss curve" }),
      ),
      pairs: Type.Optional(
        artefact("pairs-benchmark", {
          description: "The pairs benchmark that was evaluated, to show pairs whose answer changed",
        }),
      ),
      details: Type.Record(
        Type.String({ maxLength: 100 }),
        Type.Union([Type.String({ maxLength: 1000 }), Type.Number(), Type.Boolean()]),
        { description: "How it ran: names and values that the report lists", default: {} },
      ),
    },
    { additionalProperties: false },
  ),
  outputs: {
    report: {
      kind: "report",
      description:
        "index.html, summary.md, summary.json, results.jsonl, .csv and .tex, categories.tex, figures, and records of the answers",
    },
  },
  isolation: "inline",
  run: Effect.fnUntraced(function* (input, context) {
    const { buildReport, writeReport } = yield* Effect.promise(() => import("../report/index.ts"))
    const report = yield* buildReport(input, context.origins)
    yield* writeReport(context.outputs.report, report)
  }),
})
