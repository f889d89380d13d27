import { type Static, Type } from "typebox"

const closed = { additionalProperties: false }

const count = (description: string) => Type.Integer({ description, minimum: 1, maximum: 100_000 })
const share = (description: string) => Type.Number({ description, exclusiveMinimum: 0, maximum: 1 })

/** Which patch tokens of the image tower are part of the condition. */
const patches = Type.Union(
  [
    Type.Literal("none"),
    Type.Literal("all"),
    Type.Object(
      {
        random: Type.Union([count("How many are drawn"), Type.Literal("fill")], {
          description: "How many are drawn; `fill`: as many as the text has tokens beside the class token",
        }),
      },
      closed,
    ),
    Type.Object({ "random-share": share("The share of the patch tokens that is drawn") }, closed),
    Type.Object({ window: count("Neighbouring patch tokens that are averaged into one") }, closed),
  ],
  {
    description:
      "none, all, `random: N` or `random-share: S` drawn uniformly with replacement for each image, or averages over `window: N` neighbours (a rest is dropped)",
  },
)

/** Which feature of an image the design's own evaluation scores. */
const scoring = Type.Object(
  {
    local: Type.Union(
      [
        Type.Literal("none"),
        Type.Literal("all"),
        Type.Object({ random: count("How many are drawn") }, closed),
        Type.Object({ "random-share": share("The share that is drawn") }, closed),
      ],
      { description: "The patch tokens whose mean is added to the class token; drawn with replacement" },
    ),
    "normalise-tokens": Type.Boolean({ description: "Bring each token to length 1 first" }),
    "normalise-feature": Type.Boolean({ description: "Bring the sum to length 1" }),
    "logit-scale": Type.Union([Type.Literal("model"), Type.Number({ exclusiveMinimum: 0 })], {
      description: "What cosines are multiplied by: the model's own scale, or a fixed number",
    }),
  },
  closed,
)

/**
 * A condition design as users write it: which tokens of the image tower become the condition of the diffusion model,
 * and how the constant text joins them.
 */
export const designSchema = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: "The design's name", pattern: "^[a-z0-9][a-z0-9-]{0,99}$" }),
    ),
    "class-token": Type.Boolean({
      description: "Whether the class token (SigLIP: the attention-pooled token) comes first",
    }),
    patches,
    projected: Type.Optional(
      Type.Boolean({
        description: "Whether tokens are projected to the space shared with texts, after the final norm",
        default: true,
      }),
    ),
    text: Type.Union([Type.Literal("add"), Type.Literal("mean")], {
      description: "The text's states are added token by token, or their mean to every token",
    }),
    scoring: Type.Optional(scoring),
  },
  { ...closed, description: "A condition design of one's own" },
)

/** A condition design as users write it. */
export type DesignInput = Static<typeof designSchema>

/** A condition design with nothing left open but what depends on the models' sizes. */
export type ConditionDesign = Required<DesignInput>

/** How a design's own evaluation makes one feature of an image's tokens. */
export type DesignScoring = Static<typeof scoring>

/** MMVP's own: the class token alone. */
export const CLASS_SCORING: DesignScoring = {
  local: "none",
  "normalise-tokens": false,
  "normalise-feature": true,
  "logit-scale": "model",
}

/** A user's design with the defaults filled in. */
export const completeDesign = (input: DesignInput): ConditionDesign => ({
  name: input.name ?? "custom",
  "class-token": input["class-token"],
  patches: input.patches,
  projected: input.projected ?? true,
  text: input.text,
  scoring: input.scoring ?? CLASS_SCORING,
})
