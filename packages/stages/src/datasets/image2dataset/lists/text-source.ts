import { createReadStream } from "node:fs"
import { pipeline, type Readable } from "node:stream"
import { createGunzip } from "node:zlib"

const PIECE = 256 * 1024

/** The bytes of a file, unpacked where its name ends in .gz. Errors of either come out of the stream. */
export const openBytes = (file: string, isCompressed: boolean): Readable => {
  const source = createReadStream(file, { highWaterMark: PIECE })
  return isCompressed ? pipeline(source, createGunzip({ chunkSize: PIECE }), () => {}) : source
}

/** The text of a file, piece by piece, as UTF-8 without byte order mark. */
export async function* readText(file: string, isCompressed: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const piece of openBytes(file, isCompressed)) yield decoder.decode(piece, { stream: true })
  yield decoder.decode()
}

/** The lines of a file, many at a time. */
export async function* readLines(file: string, isCompressed: boolean): AsyncGenerator<ReadonlyArray<string>> {
  let rest = ""
  for await (const text of readText(file, isCompressed)) {
    const lines = (rest + text).split("\n")
    rest = lines.pop() ?? ""
    yield lines
  }
  if (rest !== "") yield [rest]
}
