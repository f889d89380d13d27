import { detailOf, type Graph } from "./graph.ts"

/** A graph as lines: each box, what it is, and what it needs. */
export const graphText = ({ nodes, edges }: Graph): string => {
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  const details = nodes.map((node) => (node.kind === "output" ? "output of the pipeline" : detailOf(node)))
  const detailWidth = Math.max(0, ...details.map((detail) => detail.length))
  return nodes
    .map(({ name }, index) => {
      const needs = edges.flatMap(([from, to]) => (to === index ? [nodes[from]?.name ?? ""] : []))
      const arrow = needs.length === 0 ? "" : `  ← ${needs.join(", ")}`
      return `${name.padEnd(width)}  ${(details[index] ?? "").padEnd(detailWidth)}${arrow}`.trimEnd()
    })
    .join("\n")
}
