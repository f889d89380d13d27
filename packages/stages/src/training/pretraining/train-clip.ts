import { writeFile } from "node:fs/promises"
import * as tf from "@tensorflow/tfjs-core"
import {
  type ClipConfig,
  imageFeatures,
  initialiseClip,
  learnBpe,
  parseClipConfig,
  saveClip,
  Tokenizer,
  textFeatures,
  type Vocabulary,
  writeVocabulary,
} from "../../models/clip/index.ts"
import { RandomStream } from "../../randomness/index.ts"
import { loadBackend, Parameters } from "../../tensor/index.ts"
import { adamW, TrainableParameters } from "../index.ts"
import { batchOrder } from "./batch-order.ts"
import { type CaptionedImages, CLIP_NORMALISING, loadCaptionedImages } from "./captioned-images.ts"
import { contrastiveLoss, MAX_LOGIT_SCALE } from "./contrastive-loss.ts"
import { imageTensor } from "./image-tensor.ts"
import { breathe, type PretrainingContext } from "./pretraining-context.ts"
import { prefixed } from "./sample-caption.ts"
import { logText } from "./training-log.ts"
import { planOf, runTraining } from "./training-loop.ts"

/** What `trainClip` is told; the stage `train/clip` describes each. */
export interface TrainClipInput {
  readonly data: ReadonlyArray<string>
  readonly caption: string
  readonly prefix: string
  readonly "prefix-share": number
  readonly "image-size": number
  readonly "patch-size": number
  readonly "embed-dim": number
  readonly "quick-gelu": boolean
  readonly "vision-width": number
  readonly "vision-layers": number
  readonly "vision-head-width": number
  readonly "text-width": number
  readonly "text-layers": number
  readonly "text-heads": number
  readonly "context-length": number
  readonly "vocabulary-size": number
  readonly steps: number
  readonly batch: number
  readonly "learning-rate": number
  readonly warmup: number
  readonly "weight-decay": number
  readonly "checkpoint-every": number
  readonly seed: number
  readonly precision: "fp32" | "fp16"
}

const STAGE = "train/clip"

/**
 * Trains a CLIP from nothing on captioned images: a byte-pair vocabulary is learnt from the captions, then both towers
 * by the symmetric contrastive loss.
 *
 * @throws StageFailure when the data cannot be used, the training diverges or is stopped
 */
export const trainClip = async (
  input: TrainClipInput,
  context: PretrainingContext<"weights" | "log">,
): Promise<void> => {
  await loadBackend()
  const data = await loadCaptionedImages(input.data, input["image-size"], input.caption)
  await breathe(context.signal)
  context.log("info", `${data.images.length} captioned images`)
  const vocabulary = learnBpe([...data.captions, input.prefix], input["vocabulary-size"])
  const config = configOf(input, vocabulary.vocab.size)
  const tokenizer = Tokenizer.of(vocabulary, config.text.context_length)
  const initial = initialiseClip(config, input.seed)
  const trainable = TrainableParameters.from(initial)
  initial.dispose()
  const optimiser = adamW({ beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: input["weight-decay"] })
  try {
    const loss = lossOf(input, config, data, tokenizer, trainable.parameters())
    const log = await runTraining({ trainable, optimiser, loss }, planOf(input), context)
    await writeFile(context.outputs.log, logText(log))
    await save(context.outputs.weights, config, trainable.parameters(), vocabulary, input.precision)
  } finally {
    trainable.dispose()
    optimiser.dispose()
  }
}

/** The loss of a step, from its number. */
const lossOf = (
  input: TrainClipInput,
  config: ClipConfig,
  data: CaptionedImages,
  tokenizer: Tokenizer,
  parameters: Parameters,
): ((step: number) => tf.Scalar) => {
  const examples = batchOrder(input.seed, STAGE, data.images.length, input.batch)
  return (step) => {
    const chosen = examples(step)
    const draws = RandomStream.named(input.seed, STAGE, "prefix", step)
    const captions = Array.from(chosen, (index) =>
      prefixed(data.captions[index] ?? "", input.prefix, input["prefix-share"], draws.uniform()),
    )
    const images = imageFeatures(config, parameters, imageTensor(data, chosen, CLIP_NORMALISING))
    const texts = textFeatures(config, parameters, tokenIds(tokenizer, captions))
    return contrastiveLoss(images, texts, parameters.at("logit_scale"), captions)
  }
}

/** Ids without the columns that only pad: a causal text tower that reads the end token never sees them. */
const tokenIds = (tokenizer: Tokenizer, captions: ReadonlyArray<string>): tf.Tensor2D => {
  const rows = tokenizer.encode(captions)
  const longest = Math.max(...rows.map((row) => row.findLastIndex((id) => id !== 0) + 1))
  const ids = new Int32Array(rows.length * longest)
  rows.forEach((row, index) => {
    ids.set(row.subarray(0, longest), index * longest)
  })
  return tf.tensor2d(ids, [rows.length, longest], "int32")
}

const save = async (
  folder: string,
  config: ClipConfig,
  parameters: Parameters,
  vocabulary: Vocabulary,
  precision: TrainClipInput["precision"],
): Promise<void> => {
  const scale = tf.minimum(parameters.at("logit_scale"), MAX_LOGIT_SCALE)
  const tensors = new Map([...parameters.entries(), ["logit_scale", scale] as const])
  const preprocess = { ...CLIP_NORMALISING, size: config.vision.image_size, mode: "shortest" } as const
  await writeVocabulary(folder, vocabulary)
  await saveClip(
    folder,
    { config, parameters: Parameters.of(tensors), tokenizerFolder: folder, preprocess },
    { dtype: precision === "fp16" ? "F16" : "F32" },
  )
  scale.dispose()
}

const configOf = (input: TrainClipInput, vocabularySize: number): ClipConfig =>
  parseClipConfig({
    embed_dim: input["embed-dim"],
    quick_gelu: input["quick-gelu"],
    vision: {
      image_size: input["image-size"],
      layers: input["vision-layers"],
      width: input["vision-width"],
      head_width: input["vision-head-width"],
      patch_size: input["patch-size"],
    },
    text: {
      context_length: input["context-length"],
      vocab_size: vocabularySize,
      width: input["text-width"],
      heads: input["text-heads"],
      layers: input["text-layers"],
    },
  }).config
