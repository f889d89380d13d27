import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"

/** What is known of a file's content before it is fetched; all that is known is checked. */
export interface ExpectedContent {
  readonly size: number | undefined
  readonly sha256: string | undefined
  /** The sha1 that git names a blob by: the only digest that Hugging Face has of small files. */
  readonly gitSha1: string | undefined
}

/** What a file is, and what of it is not as expected. */
export interface CheckedContent {
  readonly size: number
  readonly sha256: string
  /** In words for people; undefined when all is as expected. */
  readonly mistake: string | undefined
}

const CHUNK = 1 << 20

/** Reads a file once and compares its size and digests with what they must be. */
export const checkContent = async (path: string, expected: ExpectedContent): Promise<CheckedContent> => {
  const { size } = await stat(path)
  const sha256 = createHash("sha256")
  const gitSha1 = expected.gitSha1 === undefined ? undefined : createHash("sha1").update(`blob ${size}\0`)
  for await (const piece of createReadStream(path, { highWaterMark: CHUNK })) {
    sha256.update(piece)
    gitSha1?.update(piece)
  }
  const found = sha256.digest("hex")
  return { size, sha256: found, mistake: mistakeOf(expected, size, found, gitSha1?.digest("hex")) }
}

const mistakeOf = (
  expected: ExpectedContent,
  size: number,
  sha256: string,
  gitSha1: string | undefined,
): string | undefined => {
  if (expected.size !== undefined && expected.size !== size)
    return `it has ${size} bytes, and should have ${expected.size}`
  if (expected.sha256 !== undefined && expected.sha256 !== sha256)
    return `its sha256 is ${sha256}, and should be ${expected.sha256}`
  if (expected.gitSha1 !== gitSha1)
    return `its git digest (sha1) is ${gitSha1}, and should be ${expected.gitSha1}`
  return undefined
}
