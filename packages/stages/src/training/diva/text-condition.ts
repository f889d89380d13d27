import * as tf from "@tensorflow/tfjs-core"
import { type ClipModel, textFeatures } from "../../models/clip/index.ts"
import { type DiffusionModel, promptStates } from "../../models/diffusion/index.ts"

/** The constant texts of a training. */
export interface TextCondition {
  /** States of each class's text, [classes, textTokens, contextWidth]. */
  readonly states: tf.Tensor3D
  /** CLIP's features of the class names, [classes, width]: needed where there are several. */
  readonly classifier?: tf.Tensor2D
}

/** The factor of the original's cosines. */
const LOGIT_SCALE = 100

/** The text of a class: the prompt with its name for `{}`. */
export const textOfClass = (prompt: string, name: string): string => prompt.replaceAll("{}", name)

/** Computes the texts once: they don't depend on what is trained. The caller disposes of the tensors. */
export const textCondition = (
  { textEncoder, tokenizer }: Pick<DiffusionModel, "textEncoder" | "tokenizer">,
  clip: ClipModel,
  { prompt, classNames }: { readonly prompt: string; readonly classNames: ReadonlyArray<string> },
): TextCondition => {
  const states = tf.tidy(() => {
    const rows = tokenizer.encode(classNames.map((name) => textOfClass(prompt, name)))
    return statesOf(textEncoder, rows)
  })
  return classNames.length === 1 ? { states } : { states, classifier: classifierOf(clip, classNames) }
}

const statesOf = (
  textEncoder: DiffusionModel["textEncoder"],
  rows: ReadonlyArray<Int32Array>,
): tf.Tensor3D => {
  const length = rows[0]?.length ?? 0
  const ids = tf.tensor2d(Int32Array.from(rows.flatMap((row) => [...row])), [rows.length, length], "int32")
  return tf.reshape<tf.Rank.R3>(promptStates(textEncoder, ids), [rows.length, length, -1])
}

const classifierOf = (clip: ClipModel, classNames: ReadonlyArray<string>): tf.Tensor2D =>
  tf.tidy(() => {
    const features = textFeatures(clip.config, clip.parameters, clip.tokenizer.encode(classNames))
    const length = tf.norm(features, "euclidean", -1, true)
    return tf.reshape<tf.Rank.R2>(tf.div(features, length), [classNames.length, -1])
  })

/**
 * The text of each image: that of the only class, or the mixture by what the first condition token says of the classes.
 *
 * @param tokens [batch, tokens, tokenWidth]
 * @returns [1 or batch, textTokens, contextWidth]
 */
export const mixedText = ({ states, classifier }: TextCondition, tokens: tf.Tensor3D): tf.Tensor3D => {
  if (classifier === undefined) return states
  const [batch, , width] = tokens.shape
  const first = tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width])
  const shares = tf.softmax(tf.mul(tf.matMul(first, classifier, false, true), LOGIT_SCALE))
  const [classes, length, contextWidth] = states.shape
  const rows = tf.matMul(shares, tf.reshape(states, [classes, length * contextWidth]))
  return tf.reshape<tf.Rank.R3>(rows, [batch, length, contextWidth])
}
