import * as tf from "@tensorflow/tfjs-core"

/** The logit scale is kept at or below 100, as CLIP's authors do. */
export const MAX_LOGIT_SCALE = Math.log(100)

/**
 * CLIP's symmetric contrastive loss. Examples that share a caption are all right answers to one another, with equal
 * shares (as in UniCL, Yang et al., 2022); where all captions differ this is InfoNCE.
 *
 * @param images [batch, width], not normalised
 * @param texts [batch, width], not normalised
 * @param logitScale the logarithm of the scale
 * @param captions one for each example; equal captions mean equal content
 */
export const contrastiveLoss = (
  images: tf.Tensor,
  texts: tf.Tensor,
  logitScale: tf.Tensor,
  captions: ReadonlyArray<string>,
): tf.Scalar => {
  const scale = tf.exp(tf.minimum(logitScale, MAX_LOGIT_SCALE))
  const logits = tf.mul(tf.matMul(unitLength(images), unitLength(texts), false, true), scale)
  const targets = tf.tensor2d(sharedTargets(captions), [captions.length, captions.length])
  const right = tf.sum(tf.mul(targets, tf.logSoftmax(logits)))
  const down = tf.sum(tf.mul(targets, tf.logSoftmax(tf.transpose(logits))))
  return tf.reshape(tf.mul(tf.add(right, down), -0.5 / captions.length), [])
}

/** `[n, n]`: row i shares 1 equally among the examples whose caption is that of i. It is symmetric. */
export const sharedTargets = (captions: ReadonlyArray<string>): Float32Array => {
  const counts = new Map<string, number>()
  for (const caption of captions) counts.set(caption, (counts.get(caption) ?? 0) + 1)
  const targets = new Float32Array(captions.length ** 2)
  captions.forEach((caption, row) => {
    const share = 1 / (counts.get(caption) ?? 1)
    captions.forEach((other, column) => {
      if (other === caption) targets[row * captions.length + column] = share
    })
  })
  return targets
}

const unitLength = (x: tf.Tensor): tf.Tensor =>
  tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)))
