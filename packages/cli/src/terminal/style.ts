import { styleText } from "node:util"

type Style = Parameters<typeof styleText>[0]

/** Colours and emphasis for one stream: plain text where it is no terminal, or where NO_COLOR says so. */
export interface Styler {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warning: (text: string) => string
  readonly quiet: (text: string) => string
  readonly strong: (text: string) => string
  readonly accent: (text: string) => string
}

/** The styler for a stream. Node's own rules hold: NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR, and the terminal. */
export const stylerFor = (stream: NodeJS.WriteStream): Styler => {
  const apply = (style: Style) => (text: string) => styleText(style, text, { stream, validateStream: true })
  return {
    good: apply("green"),
    bad: apply("red"),
    warning: apply("yellow"),
    quiet: apply("dim"),
    strong: apply("bold"),
    accent: apply("cyan"),
  }
}

/** Whether text for this stream may be coloured. */
export const usesColour = (stream: NodeJS.WriteStream): boolean => stylerFor(stream).bad("x") !== "x"
