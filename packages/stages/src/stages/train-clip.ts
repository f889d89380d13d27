import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import { captionInputs, optimisationInputs, pretrain, size } from "./pretraining-input.ts"

/** CLIP from nothing, on captioned images. */
export const trainClip = defineStage({
  name: "train/clip",
  version: 2,
  summary: "Trains a CLIP model from nothing on captioned images, its byte-pair vocabulary included",
  input: Type.Object(
    {
      data: Type.Array(artefact("webdataset"), {
        description: "Images with captions (.txt)",
        minItems: 1,
        maxItems: 1000,
      }),
      ...captionInputs("txt"),
      "image-size": size("Pixels of a side of the images", 64, 4096),
      "patch-size": size("Pixels of a side of a patch; it divides image-size", 8, 4096),
      "embed-dim": size("Width of the space that images and texts share", 64),
      "quick-gelu": Type.Boolean({
        description: "The activation x·σ(1.702 x), as in OpenAI's models, and not GELU",
        default: true,
      }),
      "vision-width": size("Width of the image tower", 128),
      "vision-layers": size("Layers of the image tower", 4, 100),
      "vision-head-width": size(
        "Width of a head of the image tower's attention; it divides vision-width",
        64,
      ),
      "text-width": size("Width of the text tower", 128),
      "text-layers": size("Layers of the text tower", 2, 100),
      "text-heads": size("Heads of the text tower's attention; they divide text-width", 2, 1000),
      "context-length": Type.Integer({
        description: "Tokens of a text; longer ones are cut",
        default: 32,
        minimum: 4,
        maximum: 1000,
      }),
      "vocabulary-size": Type.Integer({
        description:
          "Tokens of the vocabulary at most: 512 bytes, 2 marks and what is learnt from the captions",
        default: 1024,
        minimum: 514,
        maximum: 100_000,
      }),
      batch: Type.Integer({
        description: "Images of a step, which are told apart from one another",
        default: 128,
        minimum: 2,
        maximum: 100_000,
      }),
      ...optimisationInputs({ steps: 1500, learningRate: 0.001, warmup: 100, weightDecay: 0.1 }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    weights: { kind: "weights", description: "The model in open_clip's hub layout" },
    log: { kind: "training-log", description: "A JSON line for each step", file: "training-log.jsonl" },
  },
  resources: { cpu: 2, memory: 4000 },
  isolation: "host",
  environment: ["tensor-backend"],
  run: Effect.fnUntraced(function* (input, context) {
    const library = yield* Effect.promise(() => import("../training/pretraining/index.ts"))
    yield* pretrain("CLIP", () => library.trainClip(input, context))
  }),
})
