import * as tf from "@tensorflow/tfjs-core"
import type { TextTokenizer } from "../../models/clip/index.ts"

/** Token ids of prompts, padded to the context length: int32 `[batch, context]`. */
export const promptIds = (tokenizer: TextTokenizer, prompts: ReadonlyArray<string>): tf.Tensor2D => {
  const ids = new Int32Array(prompts.length * tokenizer.contextLength)
  tokenizer.encode(prompts).forEach((row, index) => {
    ids.set(row, index * tokenizer.contextLength)
  })
  return tf.tensor2d(ids, [prompts.length, tokenizer.contextLength], "int32")
}
