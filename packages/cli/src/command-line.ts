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
}

const engineFlags = {
  ...pipelineFlags,
  store: Flag.Path("store").pipe(
    Flag.withDescription("Folder of cached artefacts, checkpoints and run histories"),
    Flag.withDefault(".diva-pipeline"),
  ),
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
  backend: Flag.Literals("backend", ["auto", "native", "wasm", "cpu"]).pipe(
    Flag.withDescription("What tensor stages compute on"),
    Flag.withDefault("auto"),
  ),
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

const divaPipeline = Command.make("diva-pipeline").pipe(
  Command.withDescription(
    "Improve CLIP's vision with diffusion feedback: declarative, cached, repeatable pipelines",
  ),
  Command.withSubcommands([run, plan, validate, stages, backend]),
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
