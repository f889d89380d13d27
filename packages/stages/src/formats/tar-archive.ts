import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { permanent, StageFailure } from "@diva-pipeline/core"
import { extract, type Header } from "tar-stream"

/** One regular file of an archive. */
export interface TarMember {
  /** Its path in the archive, as written there: relative, without `..`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** What an archive from elsewhere may ask of us. */
export interface TarLimits {
  /** Bytes of one member; members are held in memory. */
  readonly memberBytes: number
  /** Members of one archive. */
  readonly members: number
}

export const DEFAULT_TAR_LIMITS: TarLimits = { memberBytes: 512 * 1024 * 1024, members: 2_000_000 }

/**
 * The regular files of a tar archive, in the archive's order. Folders are passed over.
 *
 * Nothing is written to disk, yet an archive that could do harm elsewhere is refused whole: names that leave the
 * archive's folder, links, devices, sizes beyond the limits or beyond the archive itself.
 *
 * @throws StageFailure (permanent) that names the archive and the member
 */
export async function* readTar(
  file: string,
  limits: TarLimits = DEFAULT_TAR_LIMITS,
): AsyncGenerator<TarMember> {
  const archiveBytes = (await stat(file)).size
  const parser = extract()
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 })
  source.on("error", (cause) => parser.destroy(cause))
  source.pipe(parser)
  let members = 0
  try {
    for await (const entry of parser) {
      members += 1
      if (members > limits.members)
        throw refused(file, entry.header.name, `there are more than ${limits.members} members`)
      const problem = problemOf(entry.header, Math.min(archiveBytes, limits.memberBytes))
      if (problem !== undefined) throw refused(file, entry.header.name, problem)
      const chunks: Array<Uint8Array> = []
      for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk)
      if (entry.header.type === "directory") continue
      yield {
        name: entry.header.name,
        bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks),
      }
    }
  } catch (cause) {
    throw cause instanceof StageFailure ? cause : damaged(file, cause)
  } finally {
    source.destroy()
  }
}

const problemOf = (header: Header, limit: number): string | undefined => {
  const { size } = header
  if (header.type !== "file" && header.type !== "contiguous-file" && header.type !== "directory")
    return `it is a ${header.type ?? "member of an unknown type"}; only regular files are read`
  if (!(size >= 0 && size <= limit)) return `it says it is ${size} bytes, more than the ${limit} allowed here`
  return problemOfName(header.name)
}

const problemOfName = (name: string): string | undefined => {
  if (name === "" || name.includes("\0")) return "its name is empty or holds a NUL"
  if (/^([\\/]|[A-Za-z]:)/.test(name)) return "its name is an absolute path"
  if (name.split(/[\\/]/).includes("..")) return `its name leads out of the archive with ".."`
  return undefined
}

const refused = (file: string, member: string, problem: string): StageFailure =>
  permanent(
    `the archive ${file} is refused at its member ${JSON.stringify(member.slice(0, 200))}: ${problem}`,
    {
      file,
      hint: "Get the archive again from a source you trust, or pack it anew with plain relative file names.",
    },
  )

const damaged = (file: string, cause: unknown): StageFailure =>
  permanent(`the archive ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
    file,
    hint: "It is cut short, damaged, or no tar archive (a compressed one must be unpacked first).",
  })
