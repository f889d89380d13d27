import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, store } from "./flags.ts"

const side = (name: string) =>
  Argument.String(name).pipe(
    Argument.withDescription(
      "A folder or file of results, a run, or an artefact (`report`, `task.output`, the beginning of a digest)",
    ),
  )

/** `diva-pipeline report` */
export const report = Command.make("report").pipe(
  Command.withDescription("Compare results"),
  Command.withSubcommands([
    Command.make(
      "diff",
      {
        before: side("before"),
        after: side("after"),
        margin: Flag.Finite("margin").pipe(
          Flag.withDescription("Percentage points within which a score counts as preserved"),
          Flag.withDefault(1),
        ),
        output: Flag.Path("output").pipe(
          Flag.withDescription("Write the comparison as a whole report into this folder"),
          Flag.optional,
        ),
        failIfWorse: Flag.Boolean("fail-if-worse").pipe(
          Flag.withDescription("Exit with 1 when a main score is worse beyond noise"),
          Flag.withDefault(false),
        ),
        store,
        json,
      },
      (options) =>
        Effect.promise(() => import("../report.ts")).pipe(Effect.flatMap((command) => command.diff(options))),
    ).pipe(
      Command.withDescription(
        "Compare two results, answer by answer where both have a record of the same questions",
      ),
    ),
  ]),
)
