import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import type { TObject } from "typebox"
import type { OutputDefinition, StageUnusable, StageWith } from "../stage/index.ts"
import { loadModule, type StageLoaderOptions } from "./stage-loader.ts"

/**
 * A stage that the program has imported, to be run in a host as a document's would be: with its code as part of its cache
 * key, and apart from the program.
 *
 * @param file the module whose default export it is
 *
 * @example
 * import blur from "./stages/blur.ts"
 * const apart = yield* stageFromFile(blur, new URL("./stages/blur.ts", import.meta.url))
 */
export const stageFromFile = <
  Input extends TObject,
  Outputs extends Readonly<Record<string, OutputDefinition>>,
>(
  stage: StageWith<Input, Outputs>,
  file: string | URL,
  options: StageLoaderOptions = {},
): Effect.Effect<StageWith<Input, Outputs>, StageUnusable> => {
  const path = file instanceof URL || file.startsWith("file:") ? fileURLToPath(file) : resolve(file)
  return Effect.map(loadModule(path, options), (module) => ({ ...stage, isolation: "host", module }))
}
