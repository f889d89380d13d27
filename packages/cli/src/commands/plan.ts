import { makePlan, type Pipeline, type PlannedTask, reasonText, Store } from "@diva-pipeline/core"
import { Console, Effect } from "effect"
import { storeFailed } from "../command-failed.ts"
import { explanationText } from "../history/index.ts"
import { formatCount, printable, type Styler, stylerFor } from "../terminal/index.ts"
import { type Explain, makeExplain, maskOf } from "./explain.ts"
import {
  chooseBackend,
  choosingOf,
  type EngineOptions,
  environmentOf,
  readPipeline,
  wrongChoice,
} from "./pipeline-options.ts"

/** How a plan is shown. */
export interface PlanView {
  readonly json: boolean
  /** Says what changed of each task that isn't cached. */
  readonly explain: boolean
}

type ExplainPlanned = (task: PlannedTask) => ReturnType<Explain> | undefined

const describe = (
  { task, state }: PlannedTask,
  explanation: ReturnType<ExplainPlanned>,
  width: number,
  style: Styler,
): string => {
  const name = printable(task.id).padEnd(width)
  switch (state._tag) {
    case "cached":
      return `${style.quiet("✓")} ${name}  ${style.quiet("cached")}`
    case "run": {
      const why =
        explanation === undefined ? printable(reasonText(state.reasons)) : explanationText(explanation, style)
      return `${style.accent("▸")} ${name}  runs: ${why}`
    }
    case "unknown":
      return `${style.warning("?")} ${name}  after ${printable(state.after.join(", "))}`
  }
}

const asJson = ({ task, state }: PlannedTask, explanation: ReturnType<ExplainPlanned>) => ({
  task: task.id,
  stage: task.stage.name,
  ...(state._tag === "cached" ? { state: "cached", key: state.key } : {}),
  ...(state._tag === "run" ? { state: "run", key: state.key?.key, reason: reasonText(state.reasons) } : {}),
  ...(state._tag === "unknown" ? { state: "unknown", after: state.after } : {}),
  ...(explanation !== undefined && { since: explanation.since, changes: explanation.changes }),
})

const explainPlanned =
  (explain: Explain): ExplainPlanned =>
  ({ task, state }) => {
    if (state._tag !== "run") return undefined
    const { key } = state
    const inputs = key && { inputs: key.fields, environment: key.environment }
    return explain(task.id, reasonText(state.reasons), inputs)
  }

const planText = (tasks: ReadonlyArray<PlannedTask>, explain: ExplainPlanned): string => {
  const style = stylerFor(process.stdout)
  const width = tasks.reduce((widest, { task }) => Math.max(widest, task.id.length), 0)
  const count = (tag: string) => tasks.filter(({ state }) => state._tag === tag).length
  return [
    ...tasks.map((task) => describe(task, explain(task), width, style)),
    `${formatCount(tasks.length, "task")}: ${count("cached")} cached, ${count("run")} to run, ${count("unknown")} after those`,
  ].join("\n")
}

/** Prints what a run of the pipeline would do, and why: by the decisions of the run itself. */
export const showPlan = Effect.fnUntraced(
  function* (pipeline: Pipeline, options: EngineOptions & PlanView) {
    const { tasks } = yield* makePlan(pipeline, { environment: environmentOf, ...choosingOf(options) })
    const explain: ExplainPlanned = options.explain
      ? explainPlanned(yield* makeExplain(pipeline))
      : () => undefined
    const text = options.json
      ? JSON.stringify(
          tasks.map((task) => asJson(task, explain(task))),
          null,
          2,
        )
      : planText(tasks, explain)
    yield* Console.log(maskOf(pipeline)(text))
  },
  (effect, _pipeline, { store }) =>
    effect.pipe(
      Effect.provide(Store.layer(store)),
      Effect.catchTag("StoreError", (error) => Effect.fail(storeFailed(error))),
      Effect.catchTag(["UnknownStage", "NeedNotCached", "SourceUnreadable"], (error) =>
        Effect.fail(wrongChoice(error)),
      ),
    ),
)

/** `diva-pipeline plan`: what a run would do, and why. */
export const plan = Effect.fn("plan")(function* (options: EngineOptions & PlanView) {
  yield* chooseBackend(options.backend)
  yield* showPlan(yield* readPipeline(options), options)
})
