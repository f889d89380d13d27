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
  /** A program of your own that host processes run, which calls `serveHost`; that with the project's stages when absent. */
  readonly host?: URL
}

/**
 * All that `runPipeline`, `makePlan`, `loadPipeline` and `definePipeline` need in a program on Node: store, host processes
 * with every stage of this package, and the file system.
 *
 * @example
 * await Effect.runPromise(program.pipe(Effect.provide(engineLayer({ store: ".diva-pipeline" }))))
 */
export const engineLayer = ({ store = ".diva-pipeline", hosts, host }: EngineOptions = {}) => {
  // Built or not: beside this file, in its language.
  const program = host ?? new URL(`./host${extname(import.meta.url)}`, import.meta.url)
  const command = { command: process.execPath, args: [...process.execArgv, fileURLToPath(program)] }
  const pool = HostPool.layer({ ...command, slots: hosts ?? machineResources().cpu })
  return Layer.mergeAll(Store.layer(store), pool).pipe(Layer.provideMerge(NodeServices.layer))
}
