import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, output, store } from "./flags.ts"

const runsCommand = () => Effect.promise(() => import("../runs.ts"))

const runName = Argument.String("run").pipe(
  Argument.withDescription(
    "The run's name, the beginning of it, or of its last part; the latest run when absent",
  ),
  Argument.optional,
)

/** `diva-pipeline runs` */
export const runs = Command.make("runs").pipe(
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
