// examples/events.ts
import {
  datasetImage2dataset,
  datasetScenes,
  definePipeline,
  engineLayer,
  runEvents,
  runPipeline,
} from "diva-pipeline"
import { Console, Effect, Stream } from "effect"

const program = Effect.gen(function* () {
  const pipeline = yield* definePipeline({ name: "events" }, (p) => {
    const scenes = p.stage("scenes", datasetScenes, { count: 12, "pairs-per-category": 1, seed: 8 })
    const pack = p.stage("pack", datasetImage2dataset, { list: scenes.outputs.images, "resize-mode": "no" })
    return { shards: pack.outputs.shards }
  })
  // Who stops listening cancels the run: here after the first stage.
  yield* runEvents(pipeline).pipe(
    Stream.takeUntil(({ _tag }) => _tag === "TaskSucceeded"),
    Stream.filter((event) => "task" in event && event._tag !== "TaskProgress"),
    Stream.runForEach((event) => Console.log(`${event._tag} ${event.task}`)),
  )
  // What was finished is kept. A time limit is an interruption, too.
  const { status, tasks } = yield* runPipeline(pipeline).pipe(Effect.timeout("5 minutes"))
  yield* Console.log(`${status}: ${tasks.map((task) => `${task.id} ${task.status}`).join(", ")}`)
})

await Effect.runPromise(program.pipe(Effect.provide(engineLayer())))
