import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import type { BenchmarkSample } from "./benchmark.ts"
import type { Table } from "./table-rows.ts"

/** An image that a row names, or holds. */
export interface RowImage {
  readonly key: string
  readonly read: () => Promise<Uint8Array>
}

/**
 * The image of a row: bytes, a path beside the table, or both as the Hugging Face hub's tables have them.
 *
 * @param index of the row, from 1
 */
export const imageOfRow = (value: unknown, file: string, index: number): RowImage => {
  const at = `${file}: row ${index}`
  if (value instanceof Uint8Array) return { key: `row ${index}`, read: async () => value }
  if (typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof Uint8Array) {
    const { bytes } = value
    const path = "path" in value && typeof value.path === "string" ? value.path : `row ${index}`
    return { key: path, read: async () => bytes }
  }
  if (typeof value !== "string" || value === "") throw permanent("the row has no image", { file: at })
  if (/^[a-z]+:\/\//i.test(value))
    throw permanent(`the row's image is at ${value}`, {
      file: at,
      hint: "dataset/image2dataset downloads the images of a list; a benchmark has them",
    })
  return { key: value, read: () => readBeside(file, value, at) }
}

const readBeside = async (file: string, path: string, at: string): Promise<Uint8Array> => {
  const place = join(dirname(file), path)
  return await readFile(place).catch(() => {
    throw permanent(`the image ${path} is missing`, { file: at, hint: `it should be ${place}` })
  })
}

/** Images with their captions: the rows of one path are one image, in the order in which paths first come. */
export async function* captionedRows(
  tables: ReadonlyArray<Table>,
  image: string,
  column: string,
): AsyncGenerator<BenchmarkSample> {
  for (const { file, rows } of tables) {
    const byPath = new Map<string, { readonly read: RowImage["read"]; readonly captions: Array<string> }>()
    let index = 0
    for await (const row of rows([image, column])) {
      const { key, read } = imageOfRow(row[image], file, ++index)
      const captions = captionsOf(row[column], `${file}: row ${index}`)
      const known = byPath.get(key)
      if (known === undefined) byPath.set(key, { read, captions: [...captions] })
      else known.captions.push(...captions)
    }
    for (const [key, { read, captions }] of byPath) yield { key, image: await read(), captions }
  }
}

const captionsOf = (value: unknown, at: string): ReadonlyArray<string> => {
  const captions = Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : []
  if (captions.length === 0) throw permanent("the row has no caption", { file: at })
  return captions
}
