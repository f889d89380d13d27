import {
  type Diagnostics,
  type DocumentNode,
  entryOf,
  isText,
  type Span,
  type TextNode,
} from "../document/index.ts"
import type { StageDeclaration } from "./declarations.ts"
import { namesIn } from "./expression.ts"
import { outputRequest } from "./names.ts"
import { expressionsIn } from "./template.ts"

/** That one stage must come after another, with the place that says so. */
export interface Dependency {
  readonly on: string
  readonly span: Span
}

/** What a stage comes after, by its references and its `needs`, as far as the stages exist. */
export const dependenciesOf = (
  { node }: StageDeclaration,
  stages: ReadonlyMap<string, unknown>,
): ReadonlyArray<Dependency> => {
  const input = entryOf(node, "with")
  const referenced = input === undefined ? [] : textsIn(input).flatMap(referencesIn)
  const needed = neededStages(node).map((text) => ({ on: text.value, span: text.span }))
  return [...referenced, ...needed].filter(({ on }) => stages.has(on))
}

/** The items of `needs`, which may also be a single name. */
export const neededStages = (node: DocumentNode): ReadonlyArray<TextNode> => {
  const needs = entryOf(node, "needs")
  if (isText(needs)) return [needs]
  return needs?.kind === "list" ? needs.items.filter(isText) : []
}

/** Reports what `needs` names although there is no such stage. */
export const checkNeeds = (stages: ReadonlyMap<string, StageDeclaration>, diagnostics: Diagnostics): void => {
  for (const { node } of stages.values()) {
    for (const { value, span } of neededStages(node)) {
      if (stages.has(value)) continue
      diagnostics.reportUnknownName(span, `there is no stage \`${value}\``, value, stages.keys())
    }
  }
}

const referencesIn = (text: TextNode): ReadonlyArray<Dependency> =>
  expressionsIn(text)
    .flatMap(namesIn)
    .map((name) => outputRequest(name, text))
    .filter((request) => request !== undefined)
    .map(({ stage, span }) => ({ on: stage, span }))

/** Whether a node's value may differ between the members of its stage's matrix. */
export const dependsOnMember = (node: DocumentNode): boolean =>
  textsIn(node).some((text) =>
    expressionsIn(text)
      .flatMap(namesIn)
      .some(({ segments: [root, , third] }) => root === "matrix" || (root === "stages" && third !== "*")),
  )

/** All texts in a node. */
export const textsIn = (node: DocumentNode): ReadonlyArray<TextNode> => {
  if (isText(node)) return [node]
  if (node.kind === "list") return node.items.flatMap(textsIn)
  return node.kind === "map" ? [...node.entries.values()].flatMap(({ value }) => textsIn(value)) : []
}

/**
 * The stages' keys in an order in which each comes after those that it depends on. Every cycle is reported once, as its
 * path, at a reference that is part of it.
 */
export const dependencyOrder = (
  stages: ReadonlyMap<string, StageDeclaration>,
  diagnostics: Diagnostics,
): ReadonlyArray<string> => {
  const graph = new Map([...stages].map(([key, stage]) => [key, dependenciesOf(stage, stages)]))
  const done = new Set<string>()
  for (const key of stages.keys()) walk(key, graph, done, diagnostics)
  return [...done]
}

/** Depth first, without recursion: a chain of stages may be long. */
const walk = (
  start: string,
  graph: ReadonlyMap<string, ReadonlyArray<Dependency>>,
  done: Set<string>,
  diagnostics: Diagnostics,
): void => {
  if (done.has(start)) return
  const path = [{ key: start, next: 0 }]
  const onPath = new Set([start])
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const dependency = graph.get(top.key)?.[top.next]
    top.next += 1
    if (dependency === undefined) {
      path.pop()
      onPath.delete(top.key)
      done.add(top.key)
    } else if (onPath.has(dependency.on)) {
      const keys = path.map(({ key }) => key)
      reportCycle(keys.slice(keys.indexOf(dependency.on)), dependency, diagnostics)
    } else if (!done.has(dependency.on)) {
      path.push({ key: dependency.on, next: 0 })
      onPath.add(dependency.on)
    }
  }
}

const reportCycle = (
  keys: ReadonlyArray<string>,
  { on, span }: Dependency,
  diagnostics: Diagnostics,
): void => {
  const path = [...keys, on].join(" → ")
  diagnostics.report(span, `stages need each other in a circle: ${path}`, {
    hint: keys.length === 1 ? "a stage can't take its own output" : "one of these references has to go",
  })
}
