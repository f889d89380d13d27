import * as tf from "@tensorflow/tfjs-core"
import { type ClipModel, textFeatures } from "../../models/clip/index.ts"
import { checkFinite, type Features, normaliseRows } from "../features.ts"
import type { Progressing } from "../progressing.ts"

/** Tokens a batch, so that short texts come in large batches. */
const TOKENS_PER_BATCH = 4096
/** Texts that are tokenized at a time, and between which the user is heard. */
const MOST_TEXTS = 2048

/**
 * The features of texts, each of length 1, in the order of the texts. Each text is computed once, however often it is
 * there, so that texts that are the same have the same feature.
 *
 * Texts of about one length are computed together, and only as far as the longest goes: where a token sees none that
 * come after it, and the end token's state is the feature, what stands behind it has no part in it.
 */
export const encodeTexts = async (
  model: ClipModel,
  texts: ReadonlyArray<string>,
  { signal, progress }: Progressing,
): Promise<Features> => {
  const places = new Map<string, number>()
  for (const text of texts) if (!places.has(text)) places.set(text, places.size)
  const rows = model.tokenizer.encode([...places.keys()])
  const lengths = rows.map((row) => neededLength(model, row))
  const order = Array.from(rows, (_, index) => index).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0))
  const width = model.config.embed_dim
  const values = new Float32Array(rows.length * width)
  for (let start = 0; start < order.length; ) {
    signal.throwIfAborted()
    const batch = nextBatch(order, lengths, start)
    const length = Math.max(...batch.map((index) => lengths[index] ?? 0))
    const ids = new Int32Array(batch.length * length)
    batch.forEach((index, row) => {
      ids.set(rows[index]?.subarray(0, length) ?? [], row * length)
    })
    const features = tf.tidy(() =>
      textFeatures(model.config, model.parameters, tf.tensor2d(ids, [batch.length, length], "int32")),
    )
    const data = await features.data()
    features.dispose()
    batch.forEach((index, row) => {
      values.set(data.subarray(row * width, (row + 1) * width), index * width)
    })
    start += batch.length
    progress({ done: start, total: order.length, unit: "texts" })
  }
  const unique = normaliseRows(
    checkFinite({ values, count: rows.length, width }, "texts", (row) => `"${[...places.keys()][row]}"`),
  )
  return inOrder(
    unique,
    texts.map((text) => places.get(text) ?? 0),
  )
}

/** How many of a text's tokens its feature depends on. */
const neededLength = ({ config }: ClipModel, row: Int32Array): number => {
  if (config.text.no_causal_mask || config.text.pool_type !== undefined) return row.length
  let end = 0
  for (let at = 1; at < row.length; at++) if ((row[at] ?? 0) > (row[end] ?? 0)) end = at
  return end + 1
}

const nextBatch = (
  order: ReadonlyArray<number>,
  lengths: ReadonlyArray<number>,
  start: number,
): ReadonlyArray<number> => {
  let end = start
  // Lengths only grow, so the one that is looked at is the longest.
  while (
    end < order.length &&
    end - start < MOST_TEXTS &&
    (end - start + 1) * (lengths[order[end] ?? 0] ?? 0) <= TOKENS_PER_BATCH
  )
    end++
  return order.slice(start, Math.max(end, start + 1))
}

const inOrder = ({ values, width }: Features, rows: ReadonlyArray<number>): Features => {
  const ordered = new Float32Array(rows.length * width)
  rows.forEach((row, place) => {
    ordered.set(values.subarray(row * width, (row + 1) * width), place * width)
  })
  return { values: ordered, count: rows.length, width }
}
