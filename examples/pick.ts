// examples/pick.ts
import { datasetScenes, definePipeline, engineLayer, runPipeline, stageFromFile } from "diva-pipeline"
import { Console, Effect } from "effect"
import pick from "./stages/pick.ts"

const program = Effect.gen(function* () {
  const pickApart = yield* stageFromFile(pick, new URL("./stages/pick.ts", import.meta.url))
  const pipeline = yield* definePipeline({ name: "pick" }, (p) => {
    const scenes = p.stage("scenes", datasetScenes, { count: 12, "pairs-per-category": 1, seed: 7 })
    return { images: p.stage("pick", pickApart, { images: scenes.outputs.images, every: 3 }).outputs.images }
  })
  const summary = yield* runPipeline(pipeline, { resultsFolder: "results/pick" })
  for (const task of summary.tasks) yield* Console.log(`${task.id}: ${task.status}`)
})

await Effect.runPromise(program.pipe(Effect.provide(engineLayer())))
