import type { StageCall } from "./call.ts"
import { permanent, StageFailure } from "./failure.ts"
import { startUpErrorIn } from "./start-up-error.ts"

/** How a host process has ended. */
export type HostEnd =
  | { readonly _tag: "NotStarted"; readonly message: string }
  | { readonly _tag: "Exited"; readonly code: number | null }
  | { readonly _tag: "Killed"; readonly signal: string }
  /** The kernel has killed it because memory ran out. */
  | { readonly _tag: "OutOfMemory"; readonly limit: number | undefined }
  /** It said what the engine doesn't understand, and was ended for it. */
  | { readonly _tag: "Garbled" }

/** What is known of a host that has ended. */
export interface LastSigns {
  /** The last lines that it has written. */
  readonly lines: ReadonlyArray<string>
  /** That it found no more memory, if it has said so; what comes after it may be long. */
  readonly outOfMemory: string | undefined
  /** Whether it ever got as far as to take calls. */
  readonly wasReady: boolean
  /** The most memory that it was seen to hold during its last call, in bytes. */
  readonly peakMemory: number
}

/** How many of the last lines are told. */
const TOLD = 8

/** Stacks, of JavaScript and of native code, and what V8 says of its heap are for the log. */
const NOISE = /^\s+at .*:\d+:\d+\)?( \{)?$|^Node\.js v\d|^\s*\d+: 0x[\da-f]+ |^<---|^\[\d+:0x|^----- |^\s*$/

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const MORE_MEMORY = "lower the batch, or raise `resources.memory` to run less beside it"

/** What programs say when there is no more memory for them. */
export const OUT_OF_MEMORY = /out of memory|cannot allocate memory|bad_alloc|MemoryError/i

const howOf = (
  end: HostEnd,
  { outOfMemory, peakMemory }: LastSigns,
): readonly [how: string, hint: string] => {
  const held = peakMemory > 0 ? `; it held ${megabytes(peakMemory)}` : ""
  const kills = `the system kills processes when memory runs out: ${MORE_MEMORY}`
  switch (end._tag) {
    case "NotStarted":
      return [`could not be started: ${end.message}`, "is the program that runs it still where it was?"]
    case "Garbled":
      return [
        "wrote to the pipe of its replies what is none, and was ended",
        "the stage, or a library of it, writes to file descriptors that it has not opened",
      ]
    case "OutOfMemory": {
      const limit = end.limit === undefined ? "" : `, whose limit for this run is ${megabytes(end.limit)}`
      return [`ran out of memory and was killed by the system${limit}${held}`, MORE_MEMORY]
    }
    case "Killed":
    case "Exited": {
      const how = end._tag === "Killed" ? `was ended by ${end.signal}` : `ended with code ${end.code}`
      if (outOfMemory !== undefined) {
        const said = `ran out of memory and ${how} (${outOfMemory.trim()})${held}`
        return [said, outOfMemory.includes("JavaScript heap") ? LESS_OBJECTS : kills]
      }
      if (how.endsWith("SIGKILL")) return [`${how}, which the engine has not sent${held}`, kills]
      return [how, "the attempt's log has all that it wrote; `retry: { crash: 3 }` tries again"]
    }
  }
}

const LESS_OBJECTS = "keep fewer objects at a time; what is in typed arrays and buffers doesn't count"

/** What the end of a host means for the call that it worked on. */
export const failureOfEnd = (call: StageCall, end: HostEnd, signs: LastSigns): StageFailure => {
  const startUp = end._tag === "Exited" && !signs.wasReady ? startUpErrorIn(signs.lines) : undefined
  if (startUp !== undefined) {
    const { message, file } = startUp
    return permanent(`the host process of ${call.stage} cannot start: ${message}`, {
      ...(file !== undefined && { file }),
      hint: "this is a mistake in the program that hosts run, or in what it imports",
    })
  }
  const [how, hint] = howOf(end, signs)
  const told = signs.lines.filter((line) => !NOISE.test(line)).slice(-TOLD)
  const said = told.length === 0 ? "" : `; its last words:\n${told.map((line) => `  ${line}`).join("\n")}`
  return new StageFailure({
    reason: "crash",
    message: `the host process of ${call.stage} ${how}${said}`,
    hint,
  })
}
