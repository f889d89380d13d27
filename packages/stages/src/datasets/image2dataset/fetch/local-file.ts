import { constants } from "node:fs"
import { open, realpath } from "node:fs/promises"
import { isAbsolute, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { FetchFault } from "./fetch-fault.ts"

/** Where files may come from. */
export interface LocalFiles {
  /** The list's own folder, where relative addresses start. */
  readonly folder: string
  /** Whether absolute `file:` addresses may leave it. */
  readonly allowFiles: boolean
  /** Bytes of one file. */
  readonly limit: number
}

/** What an address begins with, in small letters; undefined for one without a scheme, which is a path. */
export const schemeOf = (address: string): string | undefined =>
  /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase()

/** Whether an address is that of a file. */
export const isFileAddress = (address: string): boolean => [undefined, "file"].includes(schemeOf(address))

/**
 * Reads a file that a list names, by a path relative to the list or a `file:` address. A list may come from
 * strangers, so what leads out of its folder, with `..` or through symbolic links, is refused.
 */
export const readLocalFile = (url: string, files: LocalFiles): Promise<Uint8Array> =>
  readChecked(url, files).catch((cause) => {
    throw new FetchFault(wordsOf(cause, url), cause instanceof Refusal ? "not allowed" : "file")
  })

class Refusal extends Error {}

const readChecked = async (url: string, files: LocalFiles): Promise<Uint8Array> => {
  const isAddress = /^file:/i.test(url)
  const path = isAddress ? fileURLToPath(url) : await relativePath(url, files.folder)
  const real = await realpath(path)
  if (!(isAddress && files.allowFiles) && !isWithin(await realpath(files.folder), real))
    throw new Refusal(
      isAddress
        ? "it is outside the list's folder (allow-files permits that)"
        : "it leads out of the list's folder",
    )
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const about = await handle.stat()
    if (!about.isFile()) throw new Refusal("it is no regular file")
    if (about.size > files.limit) throw new Refusal(`it is larger than ${files.limit} bytes`)
    const bytes = new Uint8Array(about.size)
    const { bytesRead } = await handle.read(bytes, 0, about.size, 0)
    return bytesRead === about.size ? bytes : bytes.slice(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Names are taken as they are; one that isn't there may be percent-encoded, as in a web page. */
const relativePath = async (url: string, folder: string): Promise<string> => {
  if (isAbsolute(url) || url.includes("\0"))
    throw new Refusal("it is an absolute path; write it relative to the list, or as file:///…")
  const path = resolve(folder, url)
  if (!isWithin(folder, path)) throw new Refusal("it leads out of the list's folder")
  const exists = await realpath(path).then(
    () => true,
    () => false,
  )
  return exists || !url.includes("%") ? path : resolve(folder, decodeURIComponent(url))
}

const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

const wordsOf = (cause: unknown, url: string): string => {
  if (cause instanceof Refusal) return `<urlopen error '${url}' is not allowed: ${cause.message}>`
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "ENOENT" || code === "ENOTDIR")
    return `<urlopen error [Errno 2] No such file or directory: '${url}'>`
  if (code === "EACCES") return `<urlopen error [Errno 13] Permission denied: '${url}'>`
  if (code === "ELOOP") return `<urlopen error [Errno 40] Too many levels of symbolic links: '${url}'>`
  return `<urlopen error '${url}' cannot be read>`
}
