import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { json } from "./flags.ts"

const backendCommand = () => Effect.promise(() => import("../backend.ts"))

/** `diva-pipeline backend` */
export const backend = Command.make("backend").pipe(
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
