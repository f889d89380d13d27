import { Schema } from "effect"
import { StageCall } from "./call.ts"

/**
 * How the engine and a host process talk: one JSON value a line, calls on descriptor 3 and replies on descriptor 4, so
 * that whatever a library prints to stdout cannot disturb them. Descriptor 5 carries nothing: its end is the news that
 * the engine is gone.
 */
export const CALLS = 3
export const REPLIES = 4
export const LIFELINE = 5

const Failure = Schema.Struct({
  reason: Schema.Literals(["transient", "crash", "permanent", "cancelled", "timeout"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  file: Schema.optionalKey(Schema.String),
  retryAfter: Schema.optionalKey(Schema.Number),
})

/** The most memory that the host itself has held during the call, in bytes. */
const peakMemory = Schema.Number

/** What a host says to the engine about the call that it works on. */
export const HostReply = Schema.Union([
  Schema.TaggedStruct("Progress", {
    done: Schema.Number,
    total: Schema.optionalKey(Schema.Number),
    unit: Schema.String,
    detail: Schema.optionalKey(Schema.String),
  }),
  Schema.TaggedStruct("Log", { level: Schema.Literals(["info", "warning"]), message: Schema.String }),
  Schema.TaggedStruct("Succeeded", { peakMemory }),
  Schema.TaggedStruct("Failed", { failure: Failure, peakMemory }),
])
export type HostReply = typeof HostReply.Type

export const parseCall = Schema.decodeUnknownSync(Schema.fromJsonString(StageCall))
export const parseReply = Schema.decodeUnknownSync(Schema.fromJsonString(HostReply))

/** Cuts a stream of bytes into lines; a line may come in many pieces. */
export const makeLineReader = (onLine: (line: string) => void): ((chunk: Buffer) => void) => {
  let pieces: Array<Buffer> = []
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end))
      start = end + 1
      const line = Buffer.concat(pieces).toString("utf8")
      pieces = []
      onLine(line)
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
}
