import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Before and after as a page, a text and data. */
export const reportSummary = defineStage({
  name: "report/summary",
  version: 2,
  summary:
    "Compares metrics before and after training: summary.json, summary.md and a self-contained index.html",
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
        maxItems: 1000,
      }),
      after: Type.Array(artefact("metrics"), {
        description:
          "Metrics of the model after training, matched to those before by kind, label and view; several of one label are training runs with different seeds",
        default: [],
        maxItems: 1000,
      }),
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
    report: { kind: "report", description: "summary.json, summary.md and index.html" },
  },
  isolation: "inline",
  run: Effect.fnUntraced(function* (input, context) {
    const { buildReport, writeReport } = yield* Effect.promise(() => import("../report/index.ts"))
    const report = yield* buildReport(input)
    yield* writeReport(context.outputs.report, report)
  }),
})
