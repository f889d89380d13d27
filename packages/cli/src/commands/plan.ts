import { makePlan, type PlannedTask, reasonText, Store } from "@diva-pipeline/core"
import { Console, Effect } from "effect"
import { storeFailed } from "../command-failed.ts"
import { formatCount, type Styler, stylerFor } from "../terminal/index.ts"
import {
  chooseBackend,
  choosingOf,
  type EngineOptions,
  environmentOf,
  readPipeline,
  wrongChoice,
} from "./pipeline-options.ts"

const describe = ({ task, state }: PlannedTask, width: number, style: Styler): string => {
  const name = task.id.padEnd(width)
  switch (state._tag) {
    case "cached":
      return `${style.quiet("✓")} ${name}  ${style.quiet("cached")}`
    case "run":
      return `${style.accent("▸")} ${name}  runs: ${reasonText(state.reasons)}`
    case "unknown":
      return `${style.warning("?")} ${name}  after ${state.after.join(", ")}`
  }
}

const asJson = ({ task, state }: PlannedTask) => ({
  task: task.id,
  stage: task.stage.name,
  ...(state._tag === "cached" ? { state: "cached", key: state.key } : {}),
  ...(state._tag === "run" ? { state: "run", key: state.key, reason: reasonText(state.reasons) } : {}),
  ...(state._tag === "unknown" ? { state: "unknown", after: state.after } : {}),
})

/** `diva-pipeline plan`: what a run would do, and why. */
export const plan = Effect.fn("plan")(function* (options: EngineOptions) {
  yield* chooseBackend(options.backend)
  const pipeline = yield* readPipeline(options)
  const planned = yield* makePlan(pipeline, {
    environment: environmentOf,
    ...choosingOf(options),
  }).pipe(
    Effect.provide(Store.layer(options.store)),
    Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
    Effect.catchTag(["UnknownStage", "NeedNotCached", "SourceUnreadable"], (error) =>
      Effect.fail(wrongChoice(error)),
    ),
  )
  if (options.json) return yield* Console.log(JSON.stringify(planned.tasks.map(asJson), null, 2))
  const style = stylerFor(process.stdout)
  const width = Math.max(...planned.tasks.map(({ task }) => task.id.length))
  const count = (tag: string) => planned.tasks.filter(({ state }) => state._tag === tag).length
  yield* Console.log(planned.tasks.map((task) => describe(task, width, style)).join("\n"))
  yield* Console.log(
    `${formatCount(planned.tasks.length, "task")}: ${count("cached")} cached, ${count("run")} to run, ${count("unknown")} after those`,
  )
})
