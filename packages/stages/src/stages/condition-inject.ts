import { artefact, defineStage, permanent, StageFailure } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import {
  completeDesign,
  designNamed,
  designNames,
  designSchema,
  isDesignName,
} from "../condition/designs/index.ts"

/** The design that stands for the one that was published for the model. */
const AUTOMATIC = "auto"

/** Joins a CLIP and a diffusion model by a condition design. */
export const conditionInject = defineStage({
  name: "condition/inject",
  version: 1,
  summary: "Makes CLIP's visual tokens the condition of a diffusion model, by a design that is configuration",
  input: Type.Object(
    {
      model: artefact("weights", { description: "The CLIP model" }),
      diffusion: artefact("weights", { description: "The diffusion model" }),
      design: Type.Union([Type.Enum([AUTOMATIC, ...designNames]), designSchema], {
        description: "A design by name, or one of your own; auto: the one that was published for the model",
        default: AUTOMATIC,
      }),
      seed: Type.Integer({
        description: "What the new linear layer starts from",
        default: 42,
        minimum: 0,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    model: { kind: "conditioned-model", description: "Both models, the design and the new linear layer" },
  },
  resources: { cpu: 1, memory: 512 },
  isolation: "inline",
  run: Effect.fnUntraced(function* ({ model: clip, diffusion, design, seed }, context) {
    const { automaticDesign, injectCondition } = yield* Effect.promise(() => import("../condition/index.ts"))
    const condition = yield* Effect.tryPromise({
      try: async () => {
        const chosen = design === AUTOMATIC ? await automaticDesign(clip) : resolve(design)
        return await injectCondition(context.outputs.model, { clip, diffusion, design: chosen, seed })
      },
      catch: (cause) =>
        cause instanceof StageFailure ? cause : permanent(`the models cannot be joined: ${String(cause)}`),
    })
    const { tokens, "token-width": width, "context-width": target } = condition.dimensions
    const { name } = condition.design
    context.log("info", `design ${name}: ${tokens} condition tokens, ${width} → ${target} wide`)
  }),
})

const resolve = (design: Parameters<typeof completeDesign>[0] | string) => {
  if (typeof design !== "string") return completeDesign(design)
  if (isDesignName(design)) return designNamed(design)
  throw permanent(`there is no condition design named "${design}"`, {
    hint: `choose of ${AUTOMATIC}, ${designNames.join(", ")}`,
  })
}
