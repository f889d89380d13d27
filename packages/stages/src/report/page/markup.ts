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

// Control characters, and those that turn the direction of the text around them.
const UNSHOWABLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Text without characters that show nothing or tamper with what stands around it; line breaks become spaces. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\s+/gu, (space) => (/[\n\r\t]/u.test(space) ? " " : space))
    .replace(UNSHOWABLE, "\ufffd")

/** Text as it may stand in an element or in a quoted attribute. */
export const escapeText = (text: string): string =>
  visible(text).replace(/[&<>"']/gu, (character) => ENTITIES[character] ?? character)

const render = (content: Content): string => {
  if (content instanceof Markup) return content.text
  return typeof content === "string" ? escapeText(content) : content.map(render).join("")
}

const VOID = new Set(["img", "meta", "br"])

/** An element; attributes whose value is undefined are left out. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...content: ReadonlyArray<Content>
): Markup => {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${escapeText(typeof value === "number" ? short(value) : String(value))}"`,
    )
    .join("")
  if (VOID.has(name)) return new Markup(`<${name}${given}>`)
  return new Markup(`<${name}${given}>${render(content)}</${name}>`)
}

/** Coordinates with two decimals at most: the same text whatever the last bits. */
export const short = (value: number): string => String(Number(value.toFixed(2)))
