// examples/mistakes.ts
import { datasetScenes, definePipeline, engineLayer, evaluateMmvp } from "diva-pipeline"
import { Console, Effect } from "effect"

const wrong = definePipeline({ name: "wrong" }, (p) => {
  // @ts-expect-error a text is no number
  const scenes = p.stage("scenes", datasetScenes, { count: "many" })
  const { pairs } = scenes.outputs
  // @ts-expect-error pairs are no model
  const score = p.stage("score", evaluateMmvp, { model: pairs, benchmark: pairs })
  return { metrics: score.outputs.metrics }
})

const program = Effect.catchTag(wrong, "InvalidPipeline", ({ message }) => Console.error(message))

await Effect.runPromise(program.pipe(Effect.provide(engineLayer())))
