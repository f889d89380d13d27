import { Console, Effect, Layer } from "effect"
import { Argument, CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { CommandFailed } from "./command-failed.ts"
import { stylerFor } from "./terminal/index.ts"
import { VERSION } from "./version.ts"

// Each handler is imported when it is called, so that `--help` answers without loading the engine.

const document = Argument.Path("document", { pathType: "file" }).pipe(
  Argument.withDescription("The pipeline's YAML file"),
)

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON for machines instead of text for people"),
  Flag.withDefault(false),
)

const pipelineFlags = {
  document,
  param: Flag.KeyValuePair("param").pipe(
    Flag.withDescription("Set a parameter: --param seed=7 (repeatable)"),
    Flag.withDefault({}),
  ),
  params: Flag.Path("params").pipe(
    Flag.withDescription("Read parameters from a YAML or JSON file (repeatable; --param wins)"),
    Flag.between(0, 16),
  ),
  profile: Flag.String("profile").pipe(
    Flag.withDescription("Apply this profile of the document (repeatable)"),
    Flag.between(0, 16),
  ),
  overlay: Flag.Path("overlay").pipe(
    Flag.withAlias("f"),
    Flag.withDescription("Lay this YAML file over the document (repeatable; wins over profiles)"),
    Flag.between(0, 16),
  ),
}

const store = Flag.Path("store").pipe(
  Flag.withDescription("Folder of cached artefacts, checkpoints and run histories"),
  Flag.withDefault(".diva-pipeline"),
)

const backendFlag = Flag.Literals("backend", ["auto", "native", "wasm", "cpu"]).pipe(
  Flag.withDescription("What tensor stages compute on"),
  Flag.withDefault("auto"),
)

const engineFlags = {
  ...pipelineFlags,
  store,
  force: Flag.String("force").pipe(
    Flag.withDescription("Run this stage even if its result is cached (repeatable)"),
    Flag.between(0, 1000),
  ),
  from: Flag.String("from").pipe(
    Flag.withDescription("Run this stage and all that comes after it, even if cached (repeatable)"),
    Flag.between(0, 1000),
  ),
  until: Flag.String("until").pipe(
    Flag.withDescription("Only this stage and what it needs (repeatable)"),
    Flag.between(0, 1000),
  ),
  only: Flag.String("only").pipe(
    Flag.withDescription("Only this stage; what it needs must be cached (repeatable)"),
    Flag.between(0, 1000),
  ),
  backend: backendFlag,
  json,
}

const run = Command.make(
  "run",
  {
    ...engineFlags,
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
    Effect.promise(() => import("./commands/run.ts")).pipe(Effect.flatMap((command) => command.run(options))),
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

const plan = Command.make("plan", engineFlags, (options) =>
  Effect.promise(() => import("./commands/plan.ts")).pipe(Effect.flatMap((command) => command.plan(options))),
).pipe(Command.withDescription("Show what a run would do, and why"))

const validate = Command.make("validate", { ...pipelineFlags, json }, (options) =>
  Effect.promise(() => import("./commands/validate.ts")).pipe(
    Effect.flatMap((command) => command.validate(options)),
  ),
).pipe(Command.withDescription("Check a pipeline without running it; prints every mistake at once"))

const schema = Command.make(
  "schema",
  {
    output: Flag.Path("output").pipe(
      Flag.withDescription("Write it to this file instead of the terminal"),
      Flag.optional,
    ),
  },
  (options) =>
    Effect.promise(() => import("./commands/schema.ts")).pipe(
      Effect.flatMap((command) => command.schema(options)),
    ),
).pipe(
  Command.withDescription("Print the JSON Schema of pipelines, for editors: they complete and check with it"),
)

const stages = Command.make(
  "stages",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("Show this stage's inputs and outputs"),
      Argument.optional,
    ),
    json,
  },
  (options) =>
    Effect.promise(() => import("./commands/stages.ts")).pipe(
      Effect.flatMap((command) => command.stages(options)),
    ),
).pipe(Command.withDescription("List the stages, or show one in detail"))

const output = Flag.Path("output").pipe(
  Flag.withDescription("Write into this file instead of printing"),
  Flag.optional,
)

const graph = Command.make(
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
    Effect.promise(() => import("./commands/graph.ts")).pipe(
      Effect.flatMap((command) => command.graph(options)),
    ),
).pipe(Command.withDescription("Draw a pipeline"))

const runsCommand = () => Effect.promise(() => import("./commands/runs.ts"))

const runName = Argument.String("run").pipe(
  Argument.withDescription(
    "The run's name, the beginning of it, or of its last part; the latest run when absent",
  ),
  Argument.optional,
)

const runs = Command.make("runs").pipe(
  Command.withDescription("Show what has run, and why results differ"),
  Command.withSubcommands([
    Command.make(
      "ls",
      {
        store,
        json,
        limit: Flag.Int("limit").pipe(
          Flag.withDescription("At most so many of the newest"),
          Flag.withDefault(20),
        ),
      },
      (options) => runsCommand().pipe(Effect.flatMap((command) => command.ls(options))),
    ).pipe(Command.withDescription("List the runs, the newest first")),
    Command.make(
      "show",
      {
        run: runName,
        store,
        json,
        task: Flag.String("task").pipe(
          Flag.withDescription("Show everything about this task"),
          Flag.optional,
        ),
        html: Flag.Path("html").pipe(
          Flag.withDescription("Write the run as a page into this file"),
          Flag.optional,
        ),
      },
      (options) => runsCommand().pipe(Effect.flatMap((command) => command.show(options))),
    ).pipe(Command.withDescription("Show all that is kept of a run")),
    Command.make(
      "diff",
      {
        before: Argument.String("before").pipe(Argument.withDescription("A run")),
        after: Argument.String("after").pipe(Argument.withDescription("Another run")),
        store,
        json,
      },
      (options) => runsCommand().pipe(Effect.flatMap((command) => command.diff(options))),
    ).pipe(Command.withDescription("Say which results of two runs differ, and why")),
    Command.make(
      "rm",
      {
        names: Argument.String("run").pipe(
          Argument.withDescription("Runs to remove"),
          Argument.between(0, 1000),
        ),
        store,
        json,
        olderThan: Flag.String("older-than").pipe(
          Flag.withDescription("Remove what began longer ago than this: 30d, 12h"),
          Flag.optional,
        ),
        keep: Flag.Int("keep").pipe(
          Flag.withDescription("Remove all but so many of the newest"),
          Flag.optional,
        ),
        yes: Flag.Boolean("yes").pipe(
          Flag.withDescription("Remove, instead of saying what would be removed"),
          Flag.withDefault(false),
        ),
      },
      (options) => runsCommand().pipe(Effect.flatMap((command) => command.rm(options))),
    ).pipe(Command.withDescription("Remove the histories of runs; artefacts stay")),
    Command.make(
      "trace",
      {
        run: runName,
        store,
        format: Flag.Literals("format", ["chrome", "otlp"]).pipe(
          Flag.withDescription("For chrome://tracing and Perfetto, or for OpenTelemetry"),
          Flag.withDefault("chrome"),
        ),
        output,
      },
      (options) => runsCommand().pipe(Effect.flatMap((command) => command.trace(options))),
    ).pipe(Command.withDescription("Write a run as a trace")),
  ]),
)

const backendCommand = () => Effect.promise(() => import("./commands/backend.ts"))

const backend = Command.make("backend").pipe(
  Command.withDescription("Show and manage the native TensorFlow backend"),
  Command.withSubcommands([
    Command.make(
      "status",
      {
        json,
        verify: Flag.Boolean("verify").pipe(
          Flag.withDescription("Compare the digests of all files"),
          Flag.withDefault(false),
        ),
      },
      (options) => backendCommand().pipe(Effect.flatMap((command) => command.status(options))),
    ).pipe(Command.withDescription("Say what tensor stages run on")),
    Command.make(
      "install",
      {
        ifMissing: Flag.Boolean("if-missing").pipe(
          Flag.withDescription("Leave an installed backend alone; never fail"),
          Flag.withDefault(false),
        ),
      },
      (options) => backendCommand().pipe(Effect.flatMap((command) => command.install(options))),
    ).pipe(Command.withDescription("Install the native backend into the user's cache folder")),
    Command.make("remove", {}, () =>
      backendCommand().pipe(Effect.flatMap((command) => command.remove())),
    ).pipe(Command.withDescription("Remove the native backend")),
  ]),
)

const cacheCommand = () => Effect.promise(() => import("./commands/cache.ts"))

const yes = Flag.Boolean("yes").pipe(
  Flag.withDescription("Do it; without this only what would go is printed"),
  Flag.withDefault(false),
)

const artefactName = Argument.String("artefact").pipe(
  Argument.withDescription("A task or task.output of the latest run, or the beginning of a digest"),
)

const cache = Command.make("cache").pipe(
  Command.withDescription("Show, check and clear the store of cached results"),
  Command.withSubcommands([
    Command.make("ls", { store, json }, (options) =>
      cacheCommand().pipe(Effect.flatMap((command) => command.list(options))),
    ).pipe(Command.withDescription("List the results in the store")),
    Command.make("verify", { store, json }, (options) =>
      cacheCommand().pipe(Effect.flatMap((command) => command.verify(options))),
    ).pipe(Command.withDescription("Read every byte; set aside what is damaged, so that it is made anew")),
    Command.make(
      "gc",
      {
        store,
        json,
        yes,
        runs: Flag.Int("runs").pipe(
          Flag.withDescription("Keep what this many of the latest runs need"),
          Flag.withDefault(10),
        ),
        days: Flag.Int("days").pipe(
          Flag.withDescription("Keep what was made or used within this many days"),
          Flag.withDefault(30),
        ),
      },
      (options) => cacheCommand().pipe(Effect.flatMap((command) => command.collect(options))),
    ).pipe(Command.withDescription("Remove what neither recent runs nor pins need")),
    Command.make(
      "rm",
      {
        store,
        json,
        yes,
        selectors: Argument.String("result").pipe(
          Argument.withDescription("A task, a stage, or the beginning of a key or digest"),
          Argument.between(1, 1000),
        ),
      },
      (options) => cacheCommand().pipe(Effect.flatMap((command) => command.remove(options))),
    ).pipe(Command.withDescription("Remove results by name")),
    Command.make("path", { store, json, selector: artefactName }, (options) =>
      cacheCommand().pipe(Effect.flatMap((command) => command.path(options))),
    ).pipe(Command.withDescription("Print where an artefact is")),
    Command.make("pin", { store, json, selector: artefactName }, (options) =>
      cacheCommand().pipe(Effect.flatMap((command) => command.pin({ ...options, isPinned: true }))),
    ).pipe(Command.withDescription("Keep an artefact whatever happens")),
    Command.make("unpin", { store, json, selector: artefactName }, (options) =>
      cacheCommand().pipe(Effect.flatMap((command) => command.pin({ ...options, isPinned: false }))),
    ).pipe(Command.withDescription("Keep an artefact no longer than others")),
  ]),
)

const divaPipeline = Command.make("diva-pipeline").pipe(
  Command.withDescription(
    "Improve CLIP's vision with diffusion feedback: declarative, cached, repeatable pipelines",
  ),
  Command.withSubcommands([run, plan, validate, schema, stages, backend, runs, graph, cache]),
)

const globalFlags = CliConfig.layer({
  builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions],
})

const report = (message: string, hint?: string): Effect.Effect<void> => {
  const style = stylerFor(process.stderr)
  const lines = [`${style.bad("error:")} ${message}`]
  if (hint !== undefined) lines.push(`  ${style.accent("hint:")} ${hint}`)
  return Console.error(lines.join("\n"))
}

/** Wrong arguments get their own messages and a pointer to the help, not the whole help. */
const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.forEach(event.errors, (error) => report(error.message)).pipe(
          Effect.andThen(Console.error(`  see ${event.commandPath.join(" ")} --help`)),
        )
      : CliOutput.defaultPresenter.present(event),
})

/**
 * Runs one command line.
 *
 * Exit codes: 0 fine, 1 a stage or the command failed, 2 the document or the arguments are wrong, 130 interrupted.
 *
 * @param args what stands after the command's name
 */
export const runCommandLine = (args: ReadonlyArray<string>) =>
  Command.runWith(divaPipeline, { version: VERSION, renderErrors: true })(args).pipe(
    Effect.catchTag("ShowHelp", (error) =>
      error.errors.length === 0 ? Effect.void : Effect.fail(new CommandFailed({ message: "", exitCode: 2 })),
    ),
    Effect.tapErrorTag("CommandFailed", (error) =>
      error.message === "" ? Effect.void : report(error.message, error.hint),
    ),
    Effect.provide(Layer.mergeAll(presenter, globalFlags)),
  )
