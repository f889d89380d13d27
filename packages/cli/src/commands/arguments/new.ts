import { Effect } from "effect"
import { Argument, Command } from "effect/cli"

const newCommand = () => Effect.promise(() => import("../new.ts"))

const name = (description: string) => ({
  name: Argument.String("name").pipe(Argument.withDescription(description)),
})

/** `diva-pipeline new` */
export const newFiles = Command.make("new").pipe(
  Command.withDescription(
    "Begin a stage, a package of stages or a pipeline, with files that work as they are",
  ),
  Command.withSubcommands([
    Command.make("stage", name("The stage's file becomes stages/NAME.ts"), (options) =>
      newCommand().pipe(Effect.flatMap((command) => command.stage(options))),
    ).pipe(Command.withDescription("Write a stage in TypeScript and its test")),
    Command.make("package", name("The package's name, as npm takes it"), (options) =>
      newCommand().pipe(Effect.flatMap((command) => command.packageOfStages(options))),
    ).pipe(Command.withDescription("Write a package of stages, with a test and an example")),
    Command.make("pipeline", name("The document becomes NAME.yaml"), (options) =>
      newCommand().pipe(Effect.flatMap((command) => command.pipeline(options))),
    ).pipe(Command.withDescription("Write a pipeline that runs in seconds and without a network")),
  ]),
)
