import type { Pipeline, Plan, Task } from "@diva-pipeline/core"

/** What a run would do to the tasks of a node; `mixed` when it is not the same for all. */
export type NodeState = "cached" | "run" | "unknown" | "mixed"

/** A box of the drawing: a stage with all its members, one task, or an output of the pipeline. */
export interface GraphNode {
  readonly name: string
  readonly kind: "stage" | "output"
  /** The stage that it uses; empty for an output. */
  readonly uses: string
  /** How many tasks it stands for. */
  readonly tasks: number
  /** Known when a plan was asked for. */
  readonly state?: NodeState
}

/** A pipeline as boxes and arrows. */
export interface Graph {
  readonly name: string
  readonly nodes: ReadonlyArray<GraphNode>
  /** Indexes of nodes. */
  readonly edges: ReadonlyArray<readonly [from: number, to: number]>
}

/** Names are one line each, whatever a matrix holds. */
const oneLine = (name: string): string =>
  name.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)

const stateOf = (states: ReadonlySet<NodeState>): NodeState | undefined => {
  const [first] = states
  return states.size > 1 ? "mixed" : first
}

/**
 * The graph of a pipeline.
 *
 * @param expand one box for each task, instead of one for each stage with all members of its matrix
 * @param plan what a run would do, to be shown with the boxes
 */
export const graphOf = (pipeline: Pipeline, expand: boolean, plan?: Plan): Graph => {
  const nameOf = ({ id, key }: Task): string => (expand ? id : key)
  const states = new Map(plan?.tasks.map(({ task, state }) => [task.id, state._tag]))
  const groups = Map.groupBy(pipeline.tasks, nameOf)
  const indexes = new Map([...groups.keys()].map((name, index) => [name, index]))
  const groupOfTask = new Map(pipeline.tasks.map((task) => [task.id, indexes.get(nameOf(task)) ?? 0]))
  const stages = [...groups].map(([name, tasks]): GraphNode => {
    const state = stateOf(new Set(tasks.flatMap(({ id }) => states.get(id) ?? [])))
    const uses = tasks[0]?.stage.name ?? ""
    const node = { name: oneLine(name), kind: "stage", uses, tasks: tasks.length } as const
    return state === undefined ? node : { ...node, state }
  })
  const outputs = Object.entries(pipeline.outputs)
  const edges = new Set<string>()
  for (const task of pipeline.tasks) {
    for (const need of task.needs) edges.add(`${groupOfTask.get(need)} ${groupOfTask.get(task.id)}`)
  }
  outputs.forEach(([, { task }], index) => {
    edges.add(`${groupOfTask.get(task)} ${stages.length + index}`)
  })
  return {
    name: oneLine(pipeline.name),
    nodes: [...stages, ...outputs.map(([name]): GraphNode => ({ name, kind: "output", uses: "", tasks: 0 }))],
    edges: [...edges].map((edge) => {
      const [from = 0, to = 0] = edge.split(" ").map(Number)
      return [from, to]
    }),
  }
}

const stateWords: Readonly<Record<NodeState, string>> = {
  cached: "cached",
  run: "would run",
  unknown: "after what runs",
  mixed: "partly cached",
}

/** What is said of a node below its name. */
export const detailOf = ({ uses, tasks, state }: GraphNode): string =>
  [`${uses}${tasks > 1 ? ` × ${tasks}` : ""}`, ...(state === undefined ? [] : [stateWords[state]])].join(
    " · ",
  )
