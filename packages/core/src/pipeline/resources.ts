import type { MapEntry, Span } from "../document/index.ts"
import type { AnyStage, Resources } from "../stage/index.ts"
import type { Json } from "./pipeline.ts"
import { parseSize } from "./quantities.ts"
import { itemsOf, type Value } from "./value.ts"

const DEFAULTS: Resources = { cpu: 1, memory: 256, gpu: 0, pools: {} }

/** `resources: { cpu: 2 }` says `resources: { cpu: [2] }`: the same for every attempt. */
export const asResourceLists = (value: Value): Value => {
  if (value.kind !== "map") return value
  const entries = [...value.entries].map(([name, { key, value: one }]): [string, MapEntry<Value>] => [
    name,
    { key, value: itemsOf(one) === undefined ? { kind: "list", items: [one], span: one.span } : one },
  ])
  return { ...value, entries: new Map(entries) }
}

/** What each attempt holds, from lists that were checked. */
export const resourcesOf = (
  lists: Readonly<Record<string, Json>>,
  stage: AnyStage | undefined,
): ReadonlyArray<Resources> => {
  const common = { ...DEFAULTS, ...stage?.resources }
  const given = Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? list : []] as const)
  const attempts = Math.max(1, ...given.map(([, list]) => list.length))
  return Array.from({ length: attempts }, (_, attempt) =>
    given.reduce<Resources>(
      (resources, [name, list]) => withResource(resources, name, list[Math.min(attempt, list.length - 1)]),
      common,
    ),
  )
}

const withResource = (resources: Resources, name: string, amount: Json | undefined): Resources => {
  if (name === "memory") {
    const memory = typeof amount === "string" ? parseSize(amount) : undefined
    return memory === undefined ? resources : { ...resources, memory }
  }
  if (typeof amount !== "number") return resources
  return name === "cpu" || name === "gpu"
    ? { ...resources, [name]: amount }
    : { ...resources, pools: { ...resources.pools, [name]: amount } }
}

/** The keys of `resources` that are pools, with their places and the most that an attempt takes. */
export const poolShares = (
  resources: Value | undefined,
): ReadonlyArray<{
  readonly name: string
  readonly key: Span
  readonly most: number
  readonly span: Span
}> => {
  if (resources?.kind !== "map") return []
  return [...resources.entries]
    .filter(([name]) => !OF_THE_MACHINE.includes(name))
    .map(([name, { key, value }]) => {
      const shares = (itemsOf(value) ?? []).map((item) =>
        item.kind === "scalar" && typeof item.value === "number" ? item.value : 0,
      )
      return { name, key, most: Math.max(0, ...shares), span: value.span }
    })
}

/** What a machine has without being told. */
export const OF_THE_MACHINE: ReadonlyArray<string> = ["cpu", "memory", "gpu"]
