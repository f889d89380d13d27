import { spawn } from "node:child_process"
import { Readable } from "node:stream"
import { Effect, Schema } from "effect"
import { StageUnusable } from "../stage/index.ts"

/**
 * Imports a module and says what stages it exports. A text and not a file, because bundling would lose the file. The
 * answer has a pipe of its own: the module may print what it likes.
 */
const PROGRAM = `
import { writeSync } from "node:fs"
import { pathToFileURL } from "node:url"
process.setSourceMapsEnabled(true)
const describe = (stage) => {
  if (typeof stage !== "object" || stage === null) return null
  const { name, version, summary, input, outputs, resources, isolation, secrets, environment, run } = stage
  return { name, version, summary, input, outputs, resources, isolation, secrets, environment, run: typeof run }
}
const answer = async () => {
  try {
    const { default: given } = await import(pathToFileURL(process.argv[1]))
    return JSON.stringify({ stages: [given].flat().map(describe) })
  } catch (error) {
    const isError = error instanceof Error
    return JSON.stringify({ message: isError ? error.message : String(error), stack: isError ? String(error.stack) : "" })
  }
}
const bytes = Buffer.from(await answer())
for (let sent = 0; sent < bytes.length; ) sent += writeSync(3, bytes, sent)
process.exit(0)
`

const Answer = Schema.Union([
  Schema.Struct({ stages: Schema.Array(Schema.Unknown) }),
  Schema.Struct({ message: Schema.String, stack: Schema.String }),
])
const parseAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))

/** How long a module may take to be imported. */
const TIME_LIMIT = "30 seconds"

/** Runs the program; gives what it has answered, and how it ended. */
const ask = (node: string, file: string) =>
  Effect.callback<{ readonly text: string; readonly end: string }, StageUnusable>((resume) => {
    const child = spawn(node, ["--no-warnings", "--input-type=module", "-e", PROGRAM, file], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    })
    const chunks: Array<Buffer> = []
    const pipe = child.stdio[3]
    if (pipe instanceof Readable) pipe.on("data", (chunk: Buffer) => chunks.push(chunk))
    child.on("error", (error) =>
      resume(Effect.fail(new StageUnusable({ message: `${node} can't be started: ${error.message}` }))),
    )
    child.on("close", (code, signal) =>
      resume(Effect.succeed({ text: Buffer.concat(chunks).toString(), end: signal ?? `code ${code}` })),
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const FRAME = /\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/gm

/** The first place in a stack that is in one of the module's own files. */
const placeIn = (stack: string, inputs: ReadonlyArray<string>) => {
  for (const [, frame = "", line, column] of stack.matchAll(FRAME)) {
    const file = inputs.find((input) => frame === input || frame === `file://${encodeURI(input)}`)
    if (file !== undefined) return { file, line: Number(line), column: Number(column) }
  }
  return undefined
}

/**
 * What stages a module says that it has. It is imported in a process of its own: whatever the user's code does when it is
 * imported can't harm the engine, and its packages cost the engine nothing.
 *
 * @param inputs the files that the module was made from
 */
export const describeModule = Effect.fnUntraced(function* (
  node: string,
  file: string,
  inputs: ReadonlyArray<string>,
): Effect.fn.Return<ReadonlyArray<unknown>, StageUnusable> {
  const { text, end } = yield* ask(node, file).pipe(
    Effect.timeoutOrElse({
      duration: TIME_LIMIT,
      orElse: () =>
        Effect.fail(
          new StageUnusable({
            message: `importing it takes more than ${TIME_LIMIT}`,
            hint: "a module defines its stage and does nothing else; the work belongs into `run`",
          }),
        ),
    }),
  )
  const answer = parseAnswer(text)
  if (answer._tag === "None") {
    return yield* new StageUnusable({ message: `the process that imports it ended with ${end}` })
  }
  if ("stages" in answer.value) return answer.value.stages
  const { message, stack } = answer.value
  const at = placeIn(stack, inputs)
  return yield* new StageUnusable({ message: `importing it fails: ${message}`, ...(at && { at }) })
})
