import { pathToFileURL } from "node:url"
import { Effect, Predicate } from "effect"
import type { StageCall } from "./call.ts"
import { permanent, type StageFailure } from "./failure.ts"
import type { AnyStage } from "./registry.ts"
import { startUpErrorIn } from "./start-up-error.ts"

const isStage = (value: unknown): value is AnyStage =>
  Predicate.hasProperty(value, "name") &&
  Predicate.hasProperty(value, "version") &&
  Predicate.hasProperty(value, "run") &&
  typeof value.run === "function"

const importFrom = (file: string): Effect.Effect<unknown, StageFailure> =>
  Effect.tryPromise({
    try: async () => {
      // The user's own lines in stacks, not those of the bundle.
      process.setSourceMapsEnabled(true)
      const module: { readonly default: unknown } = await import(pathToFileURL(file).href)
      return module.default
    },
    catch: (error) => {
      const lines = error instanceof Error ? `${error.stack}`.split("\n") : []
      const { message, file } = startUpErrorIn(lines) ?? { message: String(error) }
      return permanent(`the stage's code can't be imported: ${message}`, {
        ...(file !== undefined && { file }),
      })
    },
  })

/** The stage that a call asks for, out of the module that it names: a stage, or a list of stages. */
export const stageInModule = Effect.fnUntraced(function* (
  file: string,
  { stage: name, version }: Pick<StageCall, "stage" | "version">,
): Effect.fn.Return<AnyStage, StageFailure> {
  const found = [yield* importFrom(file)].flat().filter(isStage)
  const stage = found.find((one) => one.name === name && one.version === version)
  return stage ?? (yield* permanent(`${file} has no stage ${name} of version ${version}`))
})
