import type { Config } from "vega-lite"

/** The figures' colours: names of the page's, so that a figure follows light and dark; and what they are on paper. */
const COLOURS = {
  page: "#ffffff",
  ink: "#1b1f24",
  quiet: "#59626d",
  grid: "#e3e6e4",
  before: "#8b96a3",
  after: "#0c6b94",
  better: "#137547",
  worse: "#b3301f",
  noise: "#66707c",
} as const

/** A colour of the theme, as SVG takes it. */
export const colour = (name: keyof typeof COLOURS): string => `var(--${name})`

/** A figure with its colours as they are on paper, for programs that know no CSS variables. */
export const onPaper = (svg: string): string =>
  Object.entries(COLOURS).reduce((text, [name, value]) => text.replaceAll(`var(--${name})`, value), svg)

/** What all figures look like. */
export const THEME: Config = {
  font: "system-ui, sans-serif",
  background: "transparent",
  padding: { left: 4, right: 28, top: 4, bottom: 4 },
  view: { stroke: null },
  axis: {
    labelColor: colour("quiet"),
    titleColor: colour("quiet"),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 10,
    gridColor: colour("grid"),
    domain: false,
    ticks: false,
    labelPadding: 6,
  },
  axisY: { labelColor: colour("ink"), labelFontSize: 13, labelLimit: 0, grid: false, labelPadding: 10 },
  title: { color: colour("quiet"), fontSize: 12, fontWeight: "normal", anchor: "start", offset: 8 },
  text: { color: colour("ink"), fontSize: 12 },
}
