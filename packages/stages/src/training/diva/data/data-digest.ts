import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"

/** SHA-256 of a data set: of its files' names and contents, in the order of the names. */
export const dataDigest = async (source: string): Promise<string> => {
  const isFolder = (await stat(source)).isDirectory()
  const names = isFolder ? await readdir(source, { recursive: true }) : [""]
  const whole = createHash("sha256")
  for (const name of names.sort()) {
    const file = join(source, name)
    if (!(await stat(file)).isFile()) continue
    const own = createHash("sha256")
    await pipeline(createReadStream(file), own)
    whole.update(`${name.replaceAll("\\", "/")}\n${own.digest("hex")}\n`)
  }
  return whole.digest("hex")
}
