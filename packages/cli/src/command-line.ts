import { Console, Effect, Layer } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag } from "effect/cli"
import { CommandFailed } from "./command-failed.ts"
import {
  backend,
  benchmarks,
  cache,
  fromFire,
  graph,
  image2dataset,
  newFiles,
  plan,
  report as reports,
  resume,
  run,
  runs,
  schema,
  stages,
  validate,
} from "./commands/arguments/index.ts"
import { stylerFor } from "./terminal/index.ts"
import { VERSION } from "./version.ts"

const divaPipeline = Command.make("diva-pipeline").pipe(
  Command.withDescription(
    "Improve CLIP's vision with diffusion feedback: declarative, cached, repeatable pipelines",
  ),
  Command.withSubcommands([
    run,
    resume,
    plan,
    validate,
    schema,
    stages,
    benchmarks,
    backend,
    runs,
    reports,
    graph,
    cache,
    newFiles,
    image2dataset,
  ]),
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

/** `image2dataset` takes its arguments as img2dataset does. */
const canonical = ([name = "", ...rest]: ReadonlyArray<string>): ReadonlyArray<string> =>
  name === image2dataset.name ? [name, ...fromFire(rest)] : name === "" ? rest : [name, ...rest]

/**
 * Runs one command line.
 *
 * Exit codes: 0 fine, 1 a stage or the command failed, 2 the document or the arguments are wrong, 130 interrupted.
 *
 * @param args what stands after the command's name
 */
export const runCommandLine = (args: ReadonlyArray<string>) =>
  Command.runWith(divaPipeline, { version: VERSION, renderErrors: true })(canonical(args)).pipe(
    Effect.catchTag("ShowHelp", (error) =>
      error.errors.length === 0 ? Effect.void : Effect.fail(new CommandFailed({ message: "", exitCode: 2 })),
    ),
    Effect.tapErrorTag("CommandFailed", (error) =>
      error.message === "" ? Effect.void : report(error.message, error.hint),
    ),
    Effect.provide(Layer.mergeAll(presenter, globalFlags)),
  )
