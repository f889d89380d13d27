import { relative } from "node:path"
import { languageSchema, makeRegistry, makeStageLoader, readUsedStages } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { Console, Effect, FileSystem, Option } from "effect"
import { CommandFailed } from "../command-failed.ts"

/** What a document uses that is no stage of the project; what can't be used is told and left out. */
const usedBy = Effect.fnUntraced(function* (path: string) {
  const document = relative(process.cwd(), path)
  const found = yield* readUsedStages(document, makeStageLoader(), process.cwd())
  if (found === undefined) {
    return yield* new CommandFailed({
      message: `${document} can't be read as a pipeline`,
      hint: `diva-pipeline validate ${document} says why`,
      exitCode: 2,
    })
  }
  yield* Effect.forEach(found.unusable, (message) => Console.error(`warning: ${message}`))
  return found.used
})

/** `diva-pipeline schema`: the JSON Schema of the language, with the inputs of all stages. */
export const schema = Effect.fn("schema")(function* ({
  document,
  output,
}: {
  readonly document: Option.Option<string>
  readonly output: Option.Option<string>
}) {
  const used = Option.isSome(document) ? yield* usedBy(document.value) : []
  const text = JSON.stringify(languageSchema(makeRegistry(stageDefinitions), used), null, 2)
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
