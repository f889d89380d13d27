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

/** What a host says to the engine: that it takes calls, and then about the call that it works on. */
export const HostReply = Schema.Union([
  Schema.TaggedStruct("Ready", {}),
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

/** What the engine says to a host: a call, or that the one it works on should come to an end by itself. */
export const HostRequest = Schema.Union([
  Schema.TaggedStruct("Call", { call: StageCall }),
  Schema.TaggedStruct("Stop", {}),
])
export type HostRequest = typeof HostRequest.Type

export const parseRequest = Schema.decodeUnknownSync(Schema.fromJsonString(HostRequest))
export const parseReply = Schema.decodeUnknownSync(Schema.fromJsonString(HostReply))

/** Bytes of a line of output; what a longer one has beyond them is dropped. */
const LONGEST_LINE = 64 * 1024
/** Characters before such a cut that are dropped as well: they may be the first half of a secret. */
const AT_CUT = 4096

/** Takes pieces of a stream of bytes. */
export interface LineReader {
  (chunk: Buffer): void
  /** There will be no more of the line that has begun. */
  readonly end: () => void
}

/**
 * Cuts a stream of bytes into lines; a line may come in many pieces.
 *
 * @param longest bytes of a line; the rest of a longer one is dropped
 */
export const makeLineReader = (
  onLine: (line: string) => void,
  longest = Number.POSITIVE_INFINITY,
): LineReader => {
  let pieces: Array<Buffer> = []
  let length = 0
  const keep = (piece: Buffer): void => {
    if (piece.length > 0 && length < longest) pieces.push(piece.subarray(0, longest - length))
    length += piece.length
  }
  const finish = (): void => {
    const [first] = pieces
    const text = (pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces)).toString("utf8")
    onLine(length > longest ? `${text.slice(0, -AT_CUT)} … (a line of ${length} bytes)` : text)
    pieces = []
    length = 0
  }
  const read = (chunk: Buffer): void => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end))
      start = end + 1
      finish()
    }
    keep(chunk.subarray(start))
  }
  const end = (): void => {
    if (length > 0) finish()
  }
  return Object.assign(read, { end })
}

/** As {@link makeLineReader}, for what programs print: lines may be of any length. */
export const makeOutputReader = (onLine: (line: string) => void): LineReader =>
  makeLineReader(onLine, LONGEST_LINE)
