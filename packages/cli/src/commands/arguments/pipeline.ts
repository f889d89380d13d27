import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { backendFlag, engineFlags, explain, json, output, pipelineFlags, store } from "./flags.ts"

/** `diva-pipeline run` */
export const run = Command.make(
  "run",
  {
    ...engineFlags,
    explain,
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Say what the run would do, as `plan` does, and do nothing"),
      Flag.withDefault(false),
    ),
    resource: Flag.KeyValuePair("resource").pipe(
      Flag.withDescription(
        "What tasks may hold at a time: cpu=4, memory=8GB, gpu=1, a pool of the document's (repeatable)",
      ),
      Flag.withDefault({}),
    ),
    failFast: Flag.Boolean("fail-fast").pipe(
      Flag.withDescription("After the first failure begin nothing new, and cancel what runs"),
      Flag.withDefault(false),
    ),
    results: Flag.Path("results").pipe(
      Flag.withDescription(
        "Folder that receives the pipeline's outputs, in a folder named after the pipeline",
      ),
      Flag.withDefault("results"),
    ),
  },
  (options) =>
    Effect.promise(() => import("../run.ts")).pipe(Effect.flatMap((command) => command.run(options))),
).pipe(
  Command.withDescription("Run a pipeline; stages whose results are cached are not run again"),
  Command.withExamples([
    { command: "diva-pipeline run pipelines/quickstart.yaml", description: "Run the quickstart" },
    {
      command: "diva-pipeline run pipelines/quickstart.yaml --param seed=7",
      description: "Run it with another seed",
    },
  ]),
)

/** `diva-pipeline resume` */
export const resume = Command.make(
  "resume",
  {
    run: Argument.String("run").pipe(
      Argument.withDescription(
        "The run's name, the beginning of it, or of its last part; the newest run of this folder that has not succeeded when absent",
      ),
      Argument.optional,
    ),
    store,
    json,
  },
  (options) =>
    Effect.promise(() => import("../resume.ts")).pipe(Effect.flatMap((command) => command.resume(options))),
).pipe(
  Command.withDescription("Go on with a run that was interrupted, failed or was killed, as it was asked for"),
)

/** `diva-pipeline plan` */
export const plan = Command.make("plan", { ...engineFlags, explain }, (options) =>
  Effect.promise(() => import("../plan.ts")).pipe(Effect.flatMap((command) => command.plan(options))),
).pipe(Command.withDescription("Show what a run would do, and why"))

/** `diva-pipeline validate` */
export const validate = Command.make("validate", { ...pipelineFlags, json }, (options) =>
  Effect.promise(() => import("../validate.ts")).pipe(Effect.flatMap((command) => command.validate(options))),
).pipe(Command.withDescription("Check a pipeline without running it; prints every mistake at once"))

/** `diva-pipeline graph` */
export const graph = Command.make(
  "graph",
  {
    ...pipelineFlags,
    format: Flag.Literals("format", ["mermaid", "dot", "svg", "text"]).pipe(
      Flag.withDescription("How the pipeline is drawn"),
      Flag.withDefault("mermaid"),
    ),
    output,
    expand: Flag.Boolean("expand").pipe(
      Flag.withDescription("Show each member of a matrix"),
      Flag.withDefault(false),
    ),
    status: Flag.Boolean("status").pipe(
      Flag.withDescription("Show what is cached and what would run"),
      Flag.withDefault(false),
    ),
    store,
    backend: backendFlag,
  },
  (options) =>
    Effect.promise(() => import("../graph.ts")).pipe(Effect.flatMap((command) => command.graph(options))),
).pipe(Command.withDescription("Draw a pipeline"))
