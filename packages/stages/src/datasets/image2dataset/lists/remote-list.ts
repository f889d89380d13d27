import { createHash } from "node:crypto"
import { createWriteStream } from "node:fs"
import { mkdir, rename } from "node:fs/promises"
import { basename, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { permanent, transient } from "@diva-pipeline/core"
import { request } from "undici"
import { maskAddress } from "../../../network/index.ts"

const MOST_REDIRECTS = 10
const TIMEOUT = 60_000

export const isRemote = (path: string): boolean => /^https?:\/\//i.test(path)

/**
 * Downloads a list into `folder`, under a name that tells the address and keeps the format.
 *
 * @throws StageFailure
 */
export const downloadList = async (address: string, folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true })
  const name = basename(new URL(address).pathname)
  const digest = createHash("sha256").update(address).digest("hex").slice(0, 12)
  const file = join(folder, `${digest}-${name}`)
  const draft = `${file}.part`
  await pipeline(await openRemote(new URL(address)), createWriteStream(draft)).catch((cause) => {
    throw transient(`the URL list ${maskAddress(address)} did not come whole: ${cause}`)
  })
  await rename(draft, file)
  return file
}

const openRemote = async (first: URL) => {
  let url = first
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const { statusCode, headers, body } = await request(url, {
      headersTimeout: TIMEOUT,
      bodyTimeout: TIMEOUT,
    }).catch((cause) => {
      throw transient(`the URL list ${maskAddress(first.href)} cannot be reached: ${cause}`)
    })
    if (statusCode === 200) return body
    await body.dump()
    const location = headers.location
    if (statusCode < 300 || statusCode >= 400 || typeof location !== "string")
      throw (statusCode >= 500 ? transient : permanent)(
        `the server of the URL list ${maskAddress(first.href)} answered ${statusCode}`,
      )
    url = new URL(location, url)
  }
  throw permanent(`the URL list ${maskAddress(first.href)} is redirected more than ${MOST_REDIRECTS} times`)
}
