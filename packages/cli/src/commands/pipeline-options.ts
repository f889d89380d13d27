import { relative } from "node:path"
import {
  type InvalidPipeline,
  loadPipeline,
  makeRegistry,
  makeStageLoader,
  renderDiagnostics,
} from "@diva-pipeline/core"
import { expectedBackend, stageDefinitions } from "@diva-pipeline/stages"
import { Console, Effect } from "effect"
import { CommandFailed } from "../command-failed.ts"
import { formatCount, usesColour } from "../terminal/index.ts"

/** The options of every command that reads a pipeline. */
export interface PipelineOptions {
  readonly document: string
  readonly param: Readonly<Record<string, string>>
  readonly params: ReadonlyArray<string>
  readonly profile: ReadonlyArray<string>
  readonly overlay: ReadonlyArray<string>
}

/** The options of the commands that look into the store. */
export interface EngineOptions extends PipelineOptions {
  readonly store: string
  readonly force: ReadonlyArray<string>
  readonly from: ReadonlyArray<string>
  readonly until: ReadonlyArray<string>
  readonly only: ReadonlyArray<string>
  readonly backend: string
  readonly json: boolean
}

/** Prints the mistakes of a document, on stderr for people and on stdout as JSON for machines. */
const printMistakes = (error: InvalidPipeline, json: boolean) =>
  json
    ? Console.log(JSON.stringify({ valid: false, diagnostics: error.diagnostics }, null, 2))
    : Console.error(renderDiagnostics(error.diagnostics, { colour: usesColour(process.stderr) }))

/** Reads and checks a pipeline; a wrong one is printed with all its mistakes and ends the command with code 2. */
export const readPipeline = Effect.fnUntraced(function* (
  options: PipelineOptions & { readonly json: boolean },
) {
  const registry = makeRegistry(stageDefinitions)
  // As people name files: messages are shorter, and the same in every checkout.
  const document = relative(process.cwd(), options.document)
  return yield* loadPipeline(document, {
    registry,
    loadStage: makeStageLoader(),
    params: Object.entries(options.param).map(([name, value]) => ({
      name,
      value,
      origin: "--param" as const,
    })),
    paramFiles: options.params,
    profiles: options.profile,
    overlays: options.overlay,
    environment: process.env,
    workingFolder: process.cwd(),
  }).pipe(
    Effect.tapErrorTag("InvalidPipeline", (error) => printMistakes(error, options.json)),
    Effect.catchTag("InvalidPipeline", (error) => {
      const count = error.diagnostics.length
      return Effect.fail(
        new CommandFailed({
          message: `${document}: ${formatCount(count, "mistake")}; nothing was run`,
          exitCode: 2,
        }),
      )
    }),
  )
})

/** What of the machine outputs depend on, by the names that stages declare. */
export const environmentOf = (name: string): Effect.Effect<string> =>
  Effect.sync(() => (name === "tensor-backend" ? expectedBackend() : ""))

/** Makes the asked-for backend the one that this process and its hosts use. */
export const chooseBackend = (backend: string): Effect.Effect<void> =>
  Effect.sync(() => {
    if (backend !== "auto") process.env.DIVA_BACKEND = backend
  })

/** What was asked for cannot be done: nothing was run. */
export const wrongChoice = (error: {
  readonly _tag: string
  readonly message: string
  readonly hint: string | undefined
}): CommandFailed =>
  new CommandFailed({
    message: error.message,
    exitCode: error._tag === "UnknownStage" ? 2 : 1,
    ...(error.hint !== undefined && { hint: error.hint }),
  })

/** The stages and tasks that the options name. */
export const choosingOf = (options: EngineOptions) => ({
  force: new Set(options.force),
  from: new Set(options.from),
  until: new Set(options.until),
  only: new Set(options.only),
})
