/** What the two images of a pair can differ in: MMVP's categories, in MMVP's order and words. */
export const CATEGORIES = [
  "Orientation and Direction",
  "Presence of Specific Features",
  "State and Condition",
  "Quantity and Count",
  "Positional and Relational Context",
  "Color and Appearance",
  "Structural Characteristics",
  "Texts",
  "Viewpoint and Perspective",
] as const

export type Category = (typeof CATEGORIES)[number]

/** Colours that things have: name → CSS colour. */
export const COLOURS = {
  red: "#d62828",
  orange: "#f77f00",
  yellow: "#e0b000",
  green: "#2a9d3a",
  blue: "#2456d6",
  purple: "#8a2be2",
} as const

export type Colour = keyof typeof COLOURS

/** Colours that scenes stand on. */
export const BACKGROUNDS = {
  white: "#ffffff",
  pink: "#ffd6e0",
  grey: "#c9ccd1",
  cyan: "#c4f1f4",
} as const

export type Background = keyof typeof BACKGROUNDS

/** The dark colour of outlines and small parts. */
export const INK = "#222222"

/**
 * A scene as data: everything that its drawing and its captions depend on. Lengths are in 64ths of the image's side.
 */
export interface Scene {
  /** Name of the topic that draws it. */
  readonly topic: string
  /** The fine detail: one of the topic's values. */
  readonly value: string
  /** The thing shown: one of the topic's nouns. */
  readonly noun: string
  readonly colour: Colour
  /** Colour of a second thing, never that of the first. */
  readonly accent: Colour
  readonly background: Background
  /** How far the thing is moved from where its topic places it. */
  readonly shift: { readonly x: number; readonly y: number }
  /** Half of the thing's extent. */
  readonly size: number
}

/** A family of scenes in which one detail varies. */
export interface Topic {
  /** Unique among all topics. */
  readonly name: string
  readonly category: Category
  /** What the detail can be; the scenes of a pair have two of these and are otherwise the same. */
  readonly values: readonly [string, string, ...ReadonlyArray<string>]
  readonly nouns: readonly [string, ...ReadonlyArray<string>]
  /** The scene as SVG elements without its background, for a view box of 64×64. */
  readonly draw: (scene: Scene) => string
  /** What the scene shows, silent about the detail: "a red arrow". */
  readonly coarse: (scene: Scene) => string
  /** The same with the detail: "a red arrow pointing left". */
  readonly fine: (scene: Scene) => string
}

/** "a red star", "an orange star". */
export const withArticle = (words: string): string => `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`

/** "a red star": colour and noun of a scene. */
export const thing = (scene: Scene): string => withArticle(`${scene.colour} ${scene.noun}`)

/** Where a thing in the middle of the scene stands. */
export const centre = (scene: Scene): readonly [x: number, y: number] => [
  32 + scene.shift.x,
  32 + scene.shift.y,
]
