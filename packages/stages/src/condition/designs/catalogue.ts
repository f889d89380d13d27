import { CLASS_SCORING, type ConditionDesign, type DesignScoring } from "./design.ts"

/** OpenAI's models: the drawn tokens are not normalised before they are added. */
const DRAWN_76: DesignScoring = {
  local: { random: 76 },
  "normalise-tokens": false,
  "normalise-feature": true,
  "logit-scale": "model",
}

/** MetaCLIP: every token is brought to length 1, and the logit scale is fixed. */
const ALL_NORMALISED: DesignScoring = {
  local: "all",
  "normalise-tokens": true,
  "normalise-feature": true,
  "logit-scale": 100,
}

/** DFN at 378 pixels: the sum of tokens of length 1 is not normalised again. */
const DRAWN_HALF: DesignScoring = {
  local: { "random-share": 0.5 },
  "normalise-tokens": true,
  "normalise-feature": false,
  "logit-scale": "model",
}

type Named = Omit<ConditionDesign, "name">

/** Class token and 76 drawn patch tokens: as many as Stable Diffusion's text has tokens. */
const OPENAI: Named = {
  "class-token": true,
  patches: { random: 76 },
  projected: true,
  text: "add",
  scoring: DRAWN_76,
}

const WHOLE: Named = {
  "class-token": true,
  patches: "all",
  projected: true,
  text: "mean",
  scoring: ALL_NORMALISED,
}

/** SigLIP has no projection: its tokens are those after the final norm. */
const siglip = (window: number): Named => ({
  "class-token": true,
  patches: { window },
  projected: false,
  text: "mean",
  scoring: CLASS_SCORING,
})

const MICRO: Named = {
  "class-token": true,
  patches: { random: "fill" },
  projected: true,
  text: "add",
  scoring: CLASS_SCORING,
}

/**
 * The published designs of DIVA (arXiv 2407.20171 and its repository), one for each of its eight models, and three of
 * the same kinds for the small models of this project, which fit any size of text and image.
 */
const DESIGNS = {
  "openai-l14-224": OPENAI,
  "openai-l14-336": OPENAI,
  "metaclip-l14": WHOLE,
  "metaclip-h14": WHOLE,
  "dfn-h14-224": { ...WHOLE, scoring: CLASS_SCORING },
  "dfn-h14-378": { ...WHOLE, patches: { "random-share": 0.5 }, scoring: DRAWN_HALF },
  "siglip-so400m-224": siglip(6),
  "siglip-so400m-384": siglip(10),
  micro: MICRO,
  "micro-all": { ...MICRO, patches: "all", text: "mean" },
  "micro-class": { ...MICRO, patches: "none", text: "mean" },
} as const satisfies Readonly<Record<string, Named>>

/** The name of a design that comes with the project. */
export type DesignName = keyof typeof DESIGNS

/** The names, in the order of the paper's table. */
export const designNames = Object.keys(DESIGNS).filter((name): name is DesignName => name in DESIGNS)

/** Whether a design of that name comes with the project. */
export const isDesignName = (name: string): name is DesignName => Object.hasOwn(DESIGNS, name)

/** The design of that name. */
export const designNamed = (name: DesignName): ConditionDesign => ({ name, ...DESIGNS[name] })
