import { readFile } from "node:fs/promises"
import { permanent } from "@diva-pipeline/core"

/** @returns undefined when the bytes are no UTF-8: a character put in the place of what they are would be scored */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Reads a text file; a byte order mark is no part of it.
 *
 * @returns undefined when there is none
 * @throws StageFailure when it is in another encoding
 */
export const readUtf8 = async (file: string): Promise<string | undefined> => {
  const bytes = await readFile(file).catch(() => undefined)
  if (bytes === undefined) return undefined
  const text = decodeUtf8(bytes)
  if (text === undefined) throw permanent("the file is not UTF-8", { file, hint: "save it in that encoding" })
  return text
}
