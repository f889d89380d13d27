import { permanent } from "@diva-pipeline/core"
import type { Condition } from "./condition.ts"
import type { ConditionDesign } from "./design.ts"

/** Sizes of the models that a design is to be fitted to. */
export interface ModelSizes {
  /** Pixels of a side of the images that the diffusion model takes. */
  readonly imageSize: number
  /** Patch tokens of an image. */
  readonly patches: number
  /** Width of the image tower's tokens. */
  readonly towerWidth: number
  /** Width of the space that images and texts share. */
  readonly embedDim: number
  /** Width that the UNet's cross-attention takes. */
  readonly contextWidth: number
  /** Tokens of the diffusion model's text. */
  readonly textTokens: number
}

/**
 * Fits a design to models.
 *
 * @throws StageFailure (permanent) when their sizes don't allow it
 */
export const fitDesign = (design: ConditionDesign, sizes: ModelSizes): Condition => {
  const { patches, textTokens } = sizes
  const drawn = drawnPatches(design, sizes)
  const tokens = (design["class-token"] ? 1 : 0) + patchTokens(design, patches, drawn)
  if (tokens < 1) {
    throw permanent(`the design "${design.name}" leaves no condition token of ${patches} patch tokens`, {
      hint: "let it take the class token, or more patches",
    })
  }
  if (design.text === "add" && tokens !== textTokens) {
    throw permanent(
      `the design "${design.name}" adds the text token by token, but has ${tokens} condition tokens ` +
        `where the diffusion model's text has ${textTokens}`,
      { hint: "use `patches: { random: fill }`, or `text: mean`" },
    )
  }
  return {
    design,
    dimensions: {
      "image-size": sizes.imageSize,
      patches,
      "drawn-patches": drawn,
      tokens,
      "token-width": design.projected ? sizes.embedDim : sizes.towerWidth,
      "context-width": sizes.contextWidth,
      "text-tokens": textTokens,
    },
  }
}

const drawnPatches = ({ patches, "class-token": hasClass }: ConditionDesign, sizes: ModelSizes): number => {
  if (typeof patches === "string" || "window" in patches) return 0
  if ("random-share" in patches) return Math.floor(patches["random-share"] * sizes.patches)
  return patches.random === "fill" ? sizes.textTokens - (hasClass ? 1 : 0) : patches.random
}

const patchTokens = ({ patches: chosen }: ConditionDesign, patches: number, drawn: number): number => {
  if (chosen === "none") return 0
  if (chosen === "all") return patches
  return "window" in chosen ? Math.floor(patches / chosen.window) : drawn
}
