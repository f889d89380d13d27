import { detailOf, type Graph, type GraphNode } from "./graph.ts"

/** A text within quotes. Labels know backslashes and HTML's entities as well. */
const quoted = (...lines: ReadonlyArray<string>): string => {
  const escaped = lines.map((line) =>
    line.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;"),
  )
  return `"${escaped.join("\\n")}"`
}

const FILLS = {
  cached: "#dafbe1",
  run: "#ddf4ff",
  unknown: "#fff8c5",
  mixed: "#fbefff",
  none: "#f6f8fa",
} as const

const node = (graphNode: GraphNode, index: number): string => {
  const { name, kind, state } = graphNode
  if (kind === "output") {
    return `  n${index} [label=${quoted(name)}, shape=note, class="output", fillcolor="white"]`
  }
  const label = quoted(name, detailOf(graphNode))
  return `  n${index} [label=${label}, class="${state ?? "stage"}", fillcolor="${FILLS[state ?? "none"]}"]`
}

/** A graph in Graphviz's language. */
export const dotText = ({ name, nodes, edges }: Graph): string =>
  [
    `digraph ${quoted(name)} {`,
    '  graph [bgcolor="transparent", rankdir="TB", nodesep=0.3, ranksep=0.45, pad=0.2]',
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=12, margin="0.2,0.08", color="#8c959f"]',
    '  edge [color="#8c959f", arrowsize=0.7]',
    ...nodes.map(node),
    ...edges.map(([from, to]) => `  n${from} -> n${to}`),
    "}",
  ].join("\n")
