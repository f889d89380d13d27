import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { didYouMean, permanent, type StageContext, type StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { type FetchJob, fetchWeights, type WeightsRequest } from "../../weights/index.ts"
import { findMissing } from "./at-hand.ts"
import { BENCHMARKS } from "./catalogue.ts"
import { type BenchmarkEntry, TEMPLATES_FILE, webdatasetFiles } from "./entry.ts"

/** What the user asks for. */
export interface BenchmarkRequest {
  /** A name of the catalogue; or any, when a repository is given. */
  readonly name: string
  /** A repository of data on the hub, in a layout that is read: docs/evaluation.md. */
  readonly repository?: string | undefined
  readonly revision?: string | undefined
  readonly split?: string | undefined
}

/**
 * Fetches a benchmark from the hub with all that fetching weights has (pinned commits, digests, parts side by side, going
 * on after a kill, Python's cache), and looks whether it is whole.
 */
export const fetchBenchmark = Effect.fn("fetchBenchmark")(function* (
  request: BenchmarkRequest,
  job: FetchJob,
  report: Pick<StageContext, "progress" | "log">,
): Effect.fn.Return<void, StageFailure> {
  const entry = BENCHMARKS.find(({ name }) => name === request.name)
  const split = request.split ?? entry?.split ?? "test"
  yield* fetchWeights(yield* filesOf(request, entry, split), job, report)
  const lines = entry?.templates?.lines
  if (lines !== undefined)
    yield* Effect.promise(() => writeFile(join(job.output, TEMPLATES_FILE), `${lines.join("\n")}\n`))
  const missing = yield* Effect.promise(() => findMissing(job.output, split, entry?.task))
  if (missing.length > 0)
    return yield* Effect.fail(
      permanent(
        `${request.name} is not whole there: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " …" : ""} missing`,
        { hint: "another `revision` may have it, or the repository is of another layout" },
      ),
    )
})

const filesOf = (
  { name, repository, revision, split: asked }: BenchmarkRequest,
  entry: BenchmarkEntry | undefined,
  split: string,
): Effect.Effect<WeightsRequest, StageFailure> => {
  if (repository !== undefined)
    return entry === undefined
      ? Effect.succeed({ name, repository: `datasets/${repository}`, revision, files: [] })
      : fail(`"${name}" is the name of another benchmark`, "what comes from a repository needs its own name")
  if (entry === undefined) return unknownName(name)
  return Effect.succeed({
    name,
    repository: `datasets/${entry.source.repository}`,
    revision: revision ?? entry.source.revision,
    include: asked === undefined ? entry.source.include : webdatasetFiles(split),
    files: Object.entries(entry.digests).map(([path, sha256]) => ({ path, sha256 })),
  })
}

const fail = (message: string, hint: string) => Effect.fail(permanent(message, { hint }))

const unknownName = (name: string) => {
  const names = BENCHMARKS.map((known) => known.name)
  const hint = didYouMean(name, names) ?? `it has ${names.join(", ")}; others need a \`repository\``
  return fail(`the catalogue has no benchmark named "${name}"`, hint)
}
