import type { TopLevelSpec } from "vega-lite"
import { visible } from "../visible.ts"
import { textWidth } from "./text-width.ts"
import { THEME } from "./theme.ts"

/** A drawn figure. */
export interface Figure {
  /** Of files and links: letters, digits and hyphens. */
  readonly name: string
  /** What it shows, for those who don't see it. */
  readonly title: string
  readonly text: string
  /** SVG whose colours are the theme's variables. */
  readonly svg: string
  /** The Vega-Lite specification, with its data, for whoever wants to draw it another way. */
  readonly spec: TopLevelSpec
}

/** What a figure is made of. */
export interface Drawing extends Omit<Figure, "svg"> {}

/** Draws figures; the library is loaded when there is something to draw. */
export const drawFigures = async (drawings: ReadonlyArray<Drawing>): Promise<ReadonlyArray<Figure>> => {
  if (drawings.length === 0) return []
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")])
  vega.textMetrics.width = ({ fontSize = 11 }, text) => textWidth(String(text), fontSize)
  const figures: Array<Figure> = []
  for (const drawing of drawings) {
    const { spec } = vegaLite.compile({ ...drawing.spec, config: THEME })
    const view = new vega.View(vega.parse(spec), { renderer: "none", logLevel: vega.Error })
    const svg = await view.toSVG()
    view.finalize()
    figures.push({ ...drawing, svg: accessible(svg, drawing) })
  }
  return figures
}

/** The library counts clips through all that it draws: a figure's are its own, whatever was drawn before. */
const ownClips = (svg: string, name: string): string => {
  const ids: Array<string> = []
  return svg.replaceAll(/(id="|url\(#)(clip\d+)/g, (_, before: string, id: string) => {
    if (!ids.includes(id)) ids.push(id)
    return `${before}${name}-clip-${ids.indexOf(id) + 1}`
  })
}

/** Gives the picture its title and description in place of the library's names of its parts. */
const accessible = (svg: string, { name, title, text }: Drawing): string =>
  ownClips(svg, name)
    .replaceAll(/ (?:aria-[a-z]+|role)="[^"]*"/g, "")
    .replace(/<svg ([^>]*)>/, (_, attributes: string) => {
      const kept = attributes.replace(/ ?class="[^"]*"/, "")
      return `<svg class="chart" role="img" aria-labelledby="${name}-title ${name}-text" ${kept}><title id="${name}-title">${escaped(title)}</title><desc id="${name}-text">${escaped(text)}</desc>`
    })

const escaped = (text: string): string =>
  visible(text).replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? sign)
