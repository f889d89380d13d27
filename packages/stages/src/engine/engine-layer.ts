import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { HostPool, machineResources, Store } from "@diva-pipeline/core"
import { NodeServices } from "@effect/platform-node"
import { Layer } from "effect"

/** Where and how a program's pipelines run. */
export interface EngineOptions {
  /** The folder of artefacts, checkpoints and histories; `.diva-pipeline` when absent. */
  readonly store?: string
  /** Host processes at a time; as many as there are cores when absent. */
  readonly hosts?: number
}

/**
 * All that `runPipeline`, `makePlan`, `loadPipeline` and `definePipeline` need in a program on Node: store, host processes
 * with every stage of this package, and the file system.
 *
 * @example
 * await Effect.runPromise(program.pipe(Effect.provide(engineLayer({ store: ".diva-pipeline" }))))
 */
export const engineLayer = ({ store = ".diva-pipeline", hosts }: EngineOptions = {}) => {
  // Built or not: beside this file, in its language.
  const host = fileURLToPath(new URL(`./host${extname(import.meta.url)}`, import.meta.url))
  const command = { command: process.execPath, args: [...process.execArgv, host] }
  const pool = HostPool.layer({ ...command, slots: hosts ?? machineResources().cpu })
  return Layer.mergeAll(Store.layer(store), pool).pipe(Layer.provideMerge(NodeServices.layer))
}
