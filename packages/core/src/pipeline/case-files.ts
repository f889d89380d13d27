import { Effect, Path } from "effect"
import { Diagnostics, type DocumentNode, type MapEntry, parseYaml, Source } from "../document/index.ts"
import type { Cases } from "./cases.ts"
import type { CaseFile } from "./compilation.ts"
import { readCsv } from "./csv.ts"
import { readJsonLines } from "./json-lines.ts"
import { NAME_PATTERN } from "./language.ts"
import { MOST_MEMBERS } from "./matrix.ts"
import type { MatrixValues } from "./member-index.ts"
import { readText } from "./read-file.ts"
import { textOf, type Value } from "./value.ts"

/** Bytes of a file of cases. */
const LARGEST_FILE = 100_000_000

/** One case: a map of values. */
export type CaseNode = Extract<Value, { readonly kind: "map" }>

/** Reads the cases of a file, or why there are none. */
export const readCaseFile = Effect.fnUntraced(function* (absolute: string, workingFolder: string) {
  const path = yield* Path.Path
  const file = path.relative(workingFolder, absolute)
  return yield* readText(absolute, LARGEST_FILE).pipe(
    Effect.map(({ text }): CaseFile => {
      const diagnostics = new Diagnostics()
      const source = new Source(file, path.dirname(absolute), text)
      return { cases: casesIn(source, diagnostics), diagnostics }
    }),
    Effect.catch((problem) => Effect.succeed<CaseFile>({ problem })),
  )
})

/** The cases of a file whose name says how it is written. */
export const casesIn = (source: Source, diagnostics: Diagnostics): Cases => {
  const nodes = nodesIn(source, diagnostics)
  const places = new Map<string, CaseNode>()
  for (const node of nodes ?? []) {
    const text = textOf(node)
    const first = places.get(text)
    if (first === undefined) places.set(text, node)
    else {
      const related = { span: first.span, message: "it stands here already" }
      diagnostics.report(node.span, "this case stands in the file twice", { related })
    }
    checkNames(node, diagnostics)
  }
  if (!diagnostics.isEmpty) diagnostics.expectMissingNames()
  return casesOf(diagnostics.isEmpty ? (nodes ?? []) : undefined)
}

const nodesIn = (source: Source, diagnostics: Diagnostics): ReadonlyArray<CaseNode> | undefined => {
  const [extension = ""] = /\.[a-z]+$/i.exec(source.file) ?? []
  switch (extension.toLowerCase()) {
    case ".csv":
      return limited(readCsv(source, diagnostics), diagnostics)
    case ".jsonl":
      return limited(readJsonLines(source, diagnostics), diagnostics)
    case ".yaml":
    case ".yml":
    case ".json":
      return limited(mapsOf(parseYaml(source, diagnostics), diagnostics), diagnostics)
    default:
      diagnostics.report(
        { source, start: 0, end: 0 },
        "a file of cases is a .csv, .jsonl, .yaml or .json file",
      )
      return undefined
  }
}

const limited = (nodes: ReadonlyArray<CaseNode>, diagnostics: Diagnostics): ReadonlyArray<CaseNode> => {
  const tooMany = nodes[MOST_MEMBERS]
  if (tooMany !== undefined) {
    diagnostics.report(tooMany.span, `a file may have ${MOST_MEMBERS} cases; this one has ${nodes.length}`)
  }
  return tooMany === undefined ? nodes : nodes.slice(0, MOST_MEMBERS)
}

const mapsOf = (root: DocumentNode | undefined, diagnostics: Diagnostics): ReadonlyArray<CaseNode> => {
  if (root === undefined) return []
  if (root.kind !== "list") {
    diagnostics.report(root.span, "a file of cases is a list of maps")
    return []
  }
  return root.items.flatMap((item) => {
    if (item.kind === "map") return [item]
    diagnostics.report(item.span, "a case is a map of keys and values")
    return []
  })
}

const checkNames = ({ entries }: CaseNode, diagnostics: Diagnostics): void => {
  for (const [name, { key }] of entries) {
    if (NAME.test(name)) continue
    diagnostics.report(key, `\`${name}\` can't be used as a name`, {
      hint: "names are letters, digits, - and _, and don't begin with a digit or -",
    })
  }
}

const NAME = new RegExp(NAME_PATTERN)

const casesOf = (nodes: ReadonlyArray<CaseNode> | undefined): Cases => {
  const all = nodes ?? []
  const names = new Set(all.flatMap(({ entries }) => [...entries.keys()]))
  const keys = [...names].filter((name) => all.every(({ entries }) => entries.has(name)))
  const naming = ["id", "name"].find((name) => keys.includes(name) && areDistinct(name, all))
  const hidden = new Set(naming === undefined ? [] : [...names].filter((name) => name !== naming))
  return { keys, names, hidden, rows: nodes?.map(valuesOf) }
}

const areDistinct = (name: string, nodes: ReadonlyArray<CaseNode>): boolean =>
  new Set(nodes.map(({ entries }) => entryText(entries.get(name)))).size === nodes.length

const entryText = (entry: MapEntry<Value> | undefined): string =>
  entry === undefined ? "" : textOf(entry.value)

const valuesOf = ({ entries }: CaseNode): MatrixValues =>
  new Map([...entries].map(([name, { value }]) => [name, value]))
