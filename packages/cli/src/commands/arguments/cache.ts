import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, store } from "./flags.ts"

const cacheCommand = () => Effect.promise(() => import("../cache.ts"))

const yes = Flag.Boolean("yes").pipe(
  Flag.withDescription("Do it; without this only what would go is printed"),
  Flag.withDefault(false),
)

const artefactName = Argument.String("artefact").pipe(
  Argument.withDescription("A task or task.output of the latest run, or the beginning of a digest"),
)

/** `diva-pipeline cache` */
export const cache = Command.make("cache").pipe(
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
