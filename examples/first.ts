// examples/first.ts
import { datasetImage2dataset, datasetScenes, definePipeline, engineLayer, runPipeline } from "diva-pipeline"
import { Console, Effect } from "effect"

const program = Effect.gen(function* () {
  const pipeline = yield* definePipeline({ name: "first" }, (p) => {
    const scenes = p.stage("scenes", datasetScenes, { count: 12, "pairs-per-category": 1, seed: 7 })
    const pack = p.stage("pack", datasetImage2dataset, { list: scenes.outputs.images, "resize-mode": "no" })
    return { shards: pack.outputs.shards }
  })
  const summary = yield* runPipeline(pipeline, { resultsFolder: "results/first" })
  for (const task of summary.tasks) yield* Console.log(`${task.id}: ${task.status}`)
  yield* Console.log(`${summary.status}: ${summary.outputs.shards}`)
})

await Effect.runPromise(program.pipe(Effect.provide(engineLayer({ store: ".diva-pipeline" }))))
