import { Console, Effect, FileSystem, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"

/** Writes what a command makes into the file that was asked for, or prints it. */
export const writeOutput = Effect.fnUntraced(function* (text: string, output: Option.Option<string>) {
  if (Option.isNone(output)) return yield* Console.log(text)
  const fs = yield* FileSystem.FileSystem
  yield* fs
    .writeFileString(output.value, `${text}\n`)
    .pipe(
      Effect.mapError(
        (error) => new CommandFailed({ message: `cannot write ${output.value}: ${error.message}` }),
      ),
    )
})
