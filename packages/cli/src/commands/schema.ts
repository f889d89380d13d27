import { languageSchema, makeRegistry } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { Console, Effect, FileSystem, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"

/** `diva-pipeline schema`: the JSON Schema of the language, with the inputs of all stages. */
export const schema = Effect.fn("schema")(function* ({ output }: { readonly output: Option.Option<string> }) {
  const text = JSON.stringify(languageSchema(makeRegistry(stageDefinitions)), null, 2)
  if (Option.isNone(output)) return yield* Console.log(text)
  const fs = yield* FileSystem.FileSystem
  yield* fs.writeFileString(output.value, `${text}\n`).pipe(
    Effect.mapError(
      (error) =>
        new CommandFailed({
          message: `${output.value} can't be written: ${error.message}`,
          hint: "give --output a file in a folder that exists and may be written to",
        }),
    ),
  )
  yield* Console.log(`${output.value}: written`)
})
