import { Console, Effect } from "effect"
import { formatCount } from "../terminal/index.ts"
import { type PipelineOptions, readPipeline } from "./pipeline-options.ts"

/** `diva-pipeline validate`: checks a document and says how many tasks it makes. */
export const validate = Effect.fn("validate")(function* (
  options: PipelineOptions & { readonly json: boolean },
) {
  const pipeline = yield* readPipeline(options)
  const tasks = pipeline.tasks.map((task) => task.id)
  yield* Console.log(
    options.json
      ? JSON.stringify({ valid: true, name: pipeline.name, tasks }, null, 2)
      : `${pipeline.file}: fine, ${formatCount(tasks.length, "task")}`,
  )
})
