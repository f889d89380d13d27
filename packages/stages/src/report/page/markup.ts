import { visible } from "../visible.ts"

/** Text that is markup already; plain strings are escaped when they are put into it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Content = Markup | string | ReadonlyArray<Content>

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** Text as it may stand in an element or in a quoted attribute. */
export const escapeText = (text: string): string =>
  visible(text).replace(/[&<>"']/gu, (character) => ENTITIES[character] ?? character)

const render = (content: Content): string => {
  if (content instanceof Markup) return content.text
  return typeof content === "string" ? escapeText(content) : content.map(render).join("")
}

const VOID = new Set(["img", "meta", "br"])

/** Markup that others have made: a figure's SVG. */
export const drawn = (svg: string): Markup => new Markup(svg)

/** An element; attributes whose value is undefined are left out. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...content: ReadonlyArray<Content>
): Markup => {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(String(value))}"`)
    .join("")
  if (VOID.has(name)) return new Markup(`<${name}${given}>`)
  return new Markup(`<${name}${given}>${render(content)}</${name}>`)
}
