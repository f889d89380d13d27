import { type Diagnostic, loadPipeline, makeRegistry } from "@diva-pipeline/core"
import { stageDefinitions } from "@diva-pipeline/stages"
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer } from "effect"

const registry = makeRegistry(stageDefinitions)
/** Milliseconds that a document of a few kilobytes may take, on a busy machine. */
const PATIENCE = 10_000

/** A disk on which there is one document, and nothing can be found besides. */
const diskWith = (text: string) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(
      FileSystem.FileSystem,
      (fs): FileSystem.FileSystem => ({
        ...fs,
        stat: (path) => fs.stat(path === "/fuzz/main.yaml" ? import.meta.filename : path),
        readFile: (path) =>
          path === "/fuzz/main.yaml" ? Effect.succeed(Buffer.from(text)) : fs.readFile(path),
        realPath: (path) => (path === "/fuzz/main.yaml" ? Effect.succeed(path) : fs.realPath(path)),
      }),
    ),
  ).pipe(Layer.provideMerge(NodeServices.layer))

const wrongPlace = (text: string, { file, line, column, message }: Diagnostic): ReadonlyArray<string> => {
  if (/undefined|\[object|\bNaN\b/.test(message)) return [`words of the program's own: ${message}`]
  if (file !== "main.yaml") return []
  // The place right after a line's last character is one.
  const length = [...(text.replace(/^\ufeff/, "").split("\n")[line - 1] ?? "")].length
  const lines = text.split("\n").length
  return line >= 1 && line <= lines && column >= 1 && column <= length + 2
    ? []
    : [`no such place ${line}:${column}: ${message}`]
}

/** What is wrong with how a document is loaded; whether the document itself is right doesn't matter. */
export const checkDocument = async (text: string): Promise<ReadonlyArray<string>> => {
  const begun = performance.now()
  const load = loadPipeline("main.yaml", { registry, workingFolder: "/fuzz" }).pipe(
    Effect.match({
      onSuccess: ({ tasks }) => (tasks.length === 0 ? ["a pipeline without tasks"] : []),
      onFailure: ({ diagnostics }) =>
        diagnostics.length === 0
          ? ["refused without a mistake"]
          : diagnostics.flatMap((diagnostic) => wrongPlace(text, diagnostic)),
    }),
    Effect.catchCause((cause) => Effect.succeed([`it broke: ${String(cause)}`])),
    Effect.provide(diskWith(text)),
  )
  const found = await Effect.runPromise(load)
  const took = performance.now() - begun
  return took > PATIENCE ? [...found, `it took ${Math.round(took)} ms`] : found
}
