import { detailOf, type Graph, type GraphNode, type NodeState } from "./graph.ts"

/** Everything that may mean something to Mermaid or to HTML is written as an entity. */
const entityText = (text: string): string =>
  text.replace(/[^\p{L}\p{N} _\-.,:/=×·]/gu, (sign) => `#${sign.codePointAt(0)};`)

const box = (node: GraphNode, index: number): string => {
  const className = node.state === undefined ? "" : `:::${node.state}`
  return node.kind === "output"
    ? `  n${index}(["${entityText(node.name)}"]):::output`
    : `  n${index}["${entityText(node.name)}<br/><small>${entityText(detailOf(node))}</small>"]${className}`
}

/** Only borders: the theme of the page that shows the drawing, light or dark, keeps the rest readable. */
const classes: Readonly<Record<NodeState | "output", string>> = {
  cached: "stroke:#2da44e,stroke-width:2px",
  run: "stroke:#0969da,stroke-width:2px",
  unknown: "stroke:#bf8700,stroke-width:2px,stroke-dasharray:4 3",
  mixed: "stroke:#8250df,stroke-width:2px",
  output: "stroke-dasharray:2 2",
}

/** A graph as a Mermaid flowchart, which many pages that show Markdown draw. */
export const mermaidText = ({ nodes, edges }: Graph): string => {
  const used = new Set(nodes.map((node) => (node.kind === "output" ? "output" : node.state)))
  return [
    "flowchart TD",
    ...nodes.map(box),
    ...edges.map(([from, to]) => `  n${from} --> n${to}`),
    ...[...used].flatMap((name) => (name === undefined ? [] : [`  classDef ${name} ${classes[name]}`])),
  ].join("\n")
}
