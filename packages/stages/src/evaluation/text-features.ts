import { type ClipModel, textFeatures } from "../models/clip/index.ts"
import { checkFinite, type Features, joinRows, normaliseRows } from "./features.ts"
import type { Progressing } from "./progressing.ts"

const TEXTS_PER_BATCH = 64

/** The features of texts, each of length 1. */
export const encodeTexts = async (
  model: ClipModel,
  texts: ReadonlyArray<string>,
  { signal, progress }: Progressing,
): Promise<Features> => {
  const parts: Array<Float32Array> = []
  for (let start = 0; start < texts.length; start += TEXTS_PER_BATCH) {
    signal.throwIfAborted()
    const some = texts.slice(start, start + TEXTS_PER_BATCH)
    const features = textFeatures(model.config, model.parameters, model.tokenizer.encode(some))
    parts.push(Float32Array.from(await features.data()))
    features.dispose()
    progress({ done: Math.min(texts.length, start + TEXTS_PER_BATCH), total: texts.length, unit: "texts" })
  }
  return normaliseRows(checkFinite(joinRows(parts, texts.length), "texts"))
}
