// examples/sweep.ts
import {
  datasetScenes,
  definePipeline,
  engineLayer,
  evaluateMmvp,
  makeOutputs,
  reportSummary,
  weightsFetch,
} from "diva-pipeline"
import { Console, Effect } from "effect"

/** Scores a small CLIP on scenes from several seeds, and puts all scores into one report. */
const sweep = definePipeline({ name: "sweep" }, (p) => {
  const clip = p.stage("clip", weightsFetch, { name: "micro-clip" })
  const scenes = p.matrix("scenes", { seed: [1, 2] }, datasetScenes, ({ seed }) => ({
    count: 0,
    "pairs-per-category": 1,
    seed,
  }))
  const scores = p.matrix(
    "score",
    { seed: [1, 2], view: ["class", "all-tokens"] },
    evaluateMmvp,
    ({ seed, view }) => ({
      model: clip.outputs.weights,
      benchmark: scenes.at({ seed }).outputs.pairs,
      view,
      label: `${view}, seed ${seed}`,
    }),
  )
  const report = p.stage("report", reportSummary, { title: "A sweep", before: scores.outputs.metrics })
  return { report: report.outputs.report }
})

const program = Effect.gen(function* () {
  const pipeline = yield* sweep
  yield* Console.log(pipeline.tasks.map(({ id }) => id).join("\n"))
  const { report } = yield* makeOutputs(pipeline, { resultsFolder: "results/sweep" })
  yield* Console.log(report)
})

await Effect.runPromise(
  program.pipe(
    Effect.catchTag(["InvalidPipeline", "RunFailed"], ({ message }) => Console.error(message)),
    Effect.provide(engineLayer()),
  ),
)
