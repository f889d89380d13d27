import { Effect } from "effect"
import { dotText } from "./dot.ts"
import type { Graph } from "./graph.ts"

/** Follows the reader's choice of light or dark; what Graphviz has written stays for programs that know no styles. */
const STYLE = `<style>
  svg { color-scheme: light dark }
  text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif }
  .node text { font-weight: 600 }
  .node text + text { font-weight: 400; font-size: 10.5px; opacity: 0.8 }
  .node.output path, .node.output polygon { fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .node path, .node polygon, .node polyline { stroke: #6e7681; fill: #21262d }
    .node.cached path { fill: #12361f; stroke: #3fb950 }
    .node.run path { fill: #0d2d4d; stroke: #58a6ff }
    .node.unknown path { fill: #3a2d08; stroke: #d29922 }
    .node.mixed path { fill: #2f1f4d; stroke: #a371f7 }
    .edge path { stroke: #8b949e }
    .edge polygon { stroke: #8b949e; fill: #8b949e }
  }
</style>`

/** Draws a graph as SVG, with Graphviz's layout. */
export const drawSvg = (graph: Graph): Effect.Effect<string> =>
  Effect.promise(async () => {
    const { instance } = await import("@viz-js/viz")
    const viz = await instance()
    const svg = viz.renderString(dotText(graph), { format: "svg", engine: "dot" })
    return svg.replace(/<svg[^>]*>/, (opening) => `${opening}\n${STYLE}`).trimEnd()
  })
