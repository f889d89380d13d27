import { permanent } from "@diva-pipeline/core"
import { type Sample, textOf } from "../../formats/index.ts"

/**
 * The caption of a sample.
 *
 * @param key `txt`, or a key of the sample's `.json`; a sample that lacks it is captioned by its `.txt`
 * @param source where the sample is from, for messages
 */
export const captionOf = (sample: Sample, key: string, source: string): string => {
  const caption = (key === "txt" ? undefined : memberOfJson(sample, key, source)) ?? textOf(sample, "txt")
  if (caption !== undefined) return caption.trim()
  throw permanent(`sample ${sample.key} has no caption`, {
    file: source,
    hint: "every sample needs a caption (.txt)",
  })
}

const memberOfJson = (sample: Sample, key: string, source: string): string | undefined => {
  const text = textOf(sample, "json")
  if (text === undefined) return undefined
  const json = parsed(text, sample, source)
  if (typeof json !== "object" || json === null) return undefined
  const value: unknown = new Map(Object.entries(json)).get(key)
  return typeof value === "string" && value !== "" ? value : undefined
}

const parsed = (text: string, sample: Sample, source: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw permanent(`the .json of sample ${sample.key} is not JSON`, { file: source })
  }
}

/**
 * The caption, after `prefix` where `drawn` (uniform in 0…1) is below `share`, so that a model knows captions with and
 * without "a photo of ". A caption that already begins with it stays.
 */
export const prefixed = (caption: string, prefix: string, share: number, drawn: number): string =>
  drawn < share && !caption.startsWith(prefix) ? prefix + caption : caption
