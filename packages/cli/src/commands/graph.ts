import { makePlan, type Plan, Store } from "@diva-pipeline/core"
import { Effect, type Option } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { dotText, drawSvg, type Graph, graphOf, graphText, mermaidText } from "../graph/index.ts"
import { writeOutput } from "./output-file.ts"
import { chooseBackend, environmentOf, type PipelineOptions, readPipeline } from "./pipeline-options.ts"

/** The options of `graph`. */
export interface GraphOptions extends PipelineOptions {
  readonly format: "mermaid" | "dot" | "svg" | "text"
  readonly output: Option.Option<string>
  readonly expand: boolean
  readonly status: boolean
  readonly store: string
  readonly backend: string
}

const draw = (graph: Graph, format: GraphOptions["format"]): Effect.Effect<string> => {
  switch (format) {
    case "mermaid":
      return Effect.succeed(mermaidText(graph))
    case "dot":
      return Effect.succeed(dotText(graph))
    case "text":
      return Effect.succeed(graphText(graph))
    case "svg":
      return drawSvg(graph)
  }
}

/** `diva-pipeline graph`: draws a pipeline. */
export const graph = Effect.fn("graph")(function* (options: GraphOptions) {
  const pipeline = yield* readPipeline({ ...options, json: false })
  let plan: Plan | undefined
  if (options.status) {
    yield* chooseBackend(options.backend)
    plan = yield* makePlan(pipeline, { environment: environmentOf }).pipe(
      Effect.provide(Store.layer(options.store)),
      Effect.catchTag("SourceUnreadable", ({ message, hint }) =>
        Effect.fail(new CommandFailed({ message, hint })),
      ),
    )
  }
  yield* writeOutput(yield* draw(graphOf(pipeline, options.expand, plan), options.format), options.output)
})
