import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { TObject } from "typebox"
import { Diagnostics, Source } from "../document/index.ts"
import { InvalidPipeline, type Json, locate, programTask } from "../pipeline/index.ts"
import {
  type OutputDefinition,
  type Progress,
  runStage,
  type StageCall,
  type StageFailure,
  type StageWith,
} from "../stage/index.ts"

/** What one attempt at a stage has given. */
export interface StageTest<Output extends string> {
  /** The paths of its outputs; they are there until the scope ends. */
  readonly outputs: Readonly<Record<Output, string>>
  readonly log: ReadonlyArray<{ readonly level: "info" | "warning"; readonly message: string }>
  /** The reports that would have left the stage: ten a second at most, and the last one. */
  readonly progress: ReadonlyArray<Progress>
  /** Where it keeps what a later attempt goes on from. */
  readonly checkpoint: string
}

/** How the attempt is made. */
export interface StageTestOptions {
  readonly attempt?: number
  readonly environment?: Readonly<Record<string, string>>
  /** The folder of a former attempt, for one that goes on from it. */
  readonly checkpoint?: string
  /** Paths of outputs of an earlier test, as of the last time that the task was done. */
  readonly previous?: Readonly<Record<string, string>>
}

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(async () => realpath(await mkdtemp(join(tmpdir(), "stage-test-")))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
)

/** The input as the engine hands it over: checked, with defaults, artefacts as absolute paths. */
const completeInput = <Input extends TObject, Outputs extends Readonly<Record<string, OutputDefinition>>>(
  stage: StageWith<Input, Outputs>,
  input: { readonly [name: string]: Json },
): Effect.Effect<Readonly<Record<string, unknown>>, InvalidPipeline> =>
  Effect.suspend(() => {
    const diagnostics = new Diagnostics()
    const source = new Source(stage.name, process.cwd(), "")
    const span = { source, start: 0, end: 1 }
    const settings = { kind: "map" as const, entries: new Map(), span }
    const entries = Object.entries(input).map(
      ([name, value]) => [name, { key: span, value: locate(value, span) }] as const,
    )
    const given = { kind: "map" as const, entries: new Map(entries), span }
    const place = { id: "test", key: "test", matrix: {} }
    const declared = { ...place, stage, input: given, settings, secrets: [], needs: [], span }
    const { task } = programTask(declared, new Map(), diagnostics)
    if (task === undefined) return Effect.fail(new InvalidPipeline({ diagnostics: diagnostics.sorted() }))
    const paths = (_name: string, value: unknown): unknown =>
      typeof value === "object" && value !== null && "path" in value && "location" in value
        ? value.path
        : value
    const complete: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(task.input, paths))
    return Effect.succeed(complete)
  })

/**
 * Makes one attempt at a stage in a temporary folder, as the engine would: its input is checked and completed first.
 *
 * @param input what a document says under `with`; artefacts are paths
 *
 * @example
 * const { outputs } = yield* testStage(blur, { image: "fixtures/cat.png", radius: 2 })
 */
export const testStage = Effect.fnUntraced(function* <
  Input extends TObject,
  Outputs extends Readonly<Record<string, OutputDefinition>>,
>(
  stage: StageWith<Input, Outputs>,
  input: { readonly [name: string]: Json },
  options: StageTestOptions = {},
): Effect.fn.Return<StageTest<keyof Outputs & string>, StageFailure | InvalidPipeline, Scope.Scope> {
  const complete = yield* completeInput(stage, input)
  const folder = yield* temporaryFolder
  const checkpoint = options.checkpoint ?? join(folder, "checkpoint")
  const scratch = join(folder, "scratch")
  const places = Object.entries<OutputDefinition>(stage.outputs).map(([name, { file }]) => {
    const own = join(folder, "outputs", name)
    return { own, name, path: file === undefined ? own : join(own, file) }
  })
  const folders = [checkpoint, scratch, ...places.map(({ own }) => own)]
  yield* Effect.promise(() => Promise.all(folders.map((one) => mkdir(one, { recursive: true }))))
  const call: StageCall = {
    stage: stage.name,
    version: stage.version,
    input: complete,
    outputs: Object.fromEntries(places.map(({ name, path }) => [name, path])),
    scratch,
    checkpoint,
    ...(options.previous !== undefined && { previous: options.previous }),
    environment: options.environment ?? {},
    gpus: [],
    attempt: options.attempt ?? 1,
  }
  const log: Array<StageTest<string>["log"][number]> = []
  const progress: Array<Progress> = []
  yield* runStage(stage, call, {
    progress: (report) => progress.push(report),
    log: (level, message) => log.push({ level, message }),
    output: (line) => process.stderr.write(`${line}\n`),
  })
  return { outputs: outputPaths(stage.outputs, call.outputs), log, progress, checkpoint }
})

/** The paths by the names that the definition has. */
function outputPaths<Outputs extends Readonly<Record<string, OutputDefinition>>>(
  outputs: Outputs,
  paths: Readonly<Record<string, string>>,
): Readonly<Record<keyof Outputs & string, string>>
function outputPaths(
  _: Readonly<Record<string, OutputDefinition>>,
  paths: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return paths
}
