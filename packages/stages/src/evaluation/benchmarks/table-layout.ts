import { dirname } from "node:path"
import { permanent } from "@diva-pipeline/core"
import type { Benchmark, BenchmarkSample } from "./benchmark.ts"
import { CLASSNAMES_FILE, readNamedClasses, readTemplates } from "./class-texts.ts"
import { captionedRows, imageOfRow } from "./table-images.ts"
import { openTable, type Table } from "./table-rows.ts"

/** The names that columns go by, those of the Hugging Face hub, open_clip and img2dataset among them. */
const IMAGES = ["image", "img", "filepath", "file_path", "file_name", "filename", "path", "file", "url"]
const LABELS = ["label", "class", "cls", "category", "fine_label"]
const SEVERAL = ["labels", "targets", "classes"]
const CAPTIONS = ["caption", "captions", "text", "txt", "title", "sentence", "sentences"]

/**
 * Opens tables with a column of images (paths beside the table, or their bytes) and one of classes (numbers, or names),
 * of several classes (a list, or names between `|`), or of captions (a list, or a row for each).
 *
 * @param source the folder that may have the texts of the classes, too
 */
export const openTables = async (files: ReadonlyArray<string>, source: string): Promise<Benchmark> => {
  const tables = await Promise.all(files.map(openTable))
  const [first] = tables
  if (first === undefined) throw permanent("there is no table", { file: source })
  const { columns, file } = first
  const image = find(columns, IMAGES)
  if (image === undefined) throw noColumn(file, columns, "images", IMAGES)
  const labels = labelColumn(first)
  if (labels !== undefined) return labelledTables(tables, [dirname(file), source], image, labels)
  const captions = find(columns, CAPTIONS)
  if (captions === undefined)
    throw noColumn(file, columns, "classes or captions", [...LABELS, ...SEVERAL, ...CAPTIONS])
  return {
    task: "retrieval",
    classnames: [],
    templates: undefined,
    total: undefined,
    samples: () => captionedRows(tables, image, captions),
  }
}

const find = (columns: ReadonlyArray<string>, names: ReadonlyArray<string>) =>
  names.find((name) => columns.includes(name))

interface LabelColumn {
  readonly name: string
  readonly isMulti: boolean
  /** What the classes are called, where the file says it. */
  readonly names: ReadonlyArray<string> | undefined
}

/** The column that is called as one of classes is, or the only one that the file says to be of classes. */
const labelColumn = ({ columns, classes }: Table): LabelColumn | undefined => {
  const single = find(columns, LABELS)
  const only = classes.size === 1 ? [...classes.keys()][0] : undefined
  const name = single ?? find(columns, SEVERAL) ?? only
  if (name === undefined) return undefined
  const known = classes.get(name)
  return { name, isMulti: known?.isList ?? single === undefined, names: known?.names }
}

const noColumn = (file: string, columns: ReadonlyArray<string>, what: string, names: ReadonlyArray<string>) =>
  permanent(`the table has no column of ${what}: it has ${columns.join(", ")}`, {
    file,
    hint: `such a column is called ${names.join(", ")}`,
  })

/** A class as a row has it: its name or, where the table knows numbers from texts, its number. */
type Label = string | number

const labelledTables = async (
  tables: ReadonlyArray<Table>,
  folders: ReadonlyArray<string>,
  image: string,
  { name: column, isMulti, names }: LabelColumn,
): Promise<Benchmark> => {
  const values = await labelsIn(tables, column, isMulti)
  const listed = (await firstOf(folders, readNamedClasses)) ?? names
  const classnames = listed ?? namesOf(values, tables[0]?.file ?? "")
  const numbers = numbering(classnames)
  return {
    task: isMulti ? "multilabel" : "classification",
    classnames,
    templates: await firstOf(folders, readTemplates),
    total: values.length,
    samples: async function* (): AsyncGenerator<BenchmarkSample> {
      for (const { file, rows } of tables) {
        let index = 0
        for await (const row of rows([image, column])) {
          const at = `${file}: row ${++index}`
          const targets = listOf(row[column], isMulti).map((value) => numbers(value, at))
          const { key, read } = imageOfRow(row[image], file, index)
          yield { key, image: await read(), ...(isMulti ? { targets } : { label: targets[0] ?? 0 }) }
        }
      }
    },
  }
}

const firstOf = async <A>(
  folders: ReadonlyArray<string>,
  read: (folder: string) => Promise<A | undefined>,
): Promise<A | undefined> => {
  for (const folder of folders) {
    const found = await read(folder)
    if (found !== undefined) return found
  }
  return undefined
}

const labelsIn = async (
  tables: ReadonlyArray<Table>,
  column: string,
  isMulti: boolean,
): Promise<ReadonlyArray<ReadonlyArray<Label>>> => {
  const found: Array<ReadonlyArray<Label>> = []
  for (const { rows } of tables)
    for await (const row of rows([column])) found.push(listOf(row[column], isMulti))
  return found
}

const listOf = (value: unknown, isMulti: boolean): ReadonlyArray<Label> => {
  if (Array.isArray(value)) return value.map(labelOf)
  const label = labelOf(value)
  if (!isMulti || typeof label === "number") return [label]
  return label === "" ? [] : label.split("|").map((one) => one.trim())
}

const labelOf = (value: unknown): Label =>
  typeof value === "number" || typeof value === "bigint" ? Number(value) : String(value ?? "").trim()

const isNumber = (label: Label): boolean => typeof label === "number" || /^\d{1,9}$/.test(label)

/** Without a list of names, classes are those that there are, in the order of their names. */
const namesOf = (values: ReadonlyArray<ReadonlyArray<Label>>, file: string): ReadonlyArray<string> => {
  const names = new Set(values.flat())
  if (names.size > 0 && ![...names].every(isNumber)) return [...names].map(String).sort()
  throw permanent("the table's classes are numbers, and nothing says what they are called", {
    file,
    hint: `put ${CLASSNAMES_FILE} beside it, a name a line`,
  })
}

const numbering = (classnames: ReadonlyArray<string>) => {
  const byName = new Map(classnames.map((name, label): [Label, number] => [name, label]))
  return (value: Label, at: string): number => {
    const label = byName.get(value) ?? (isNumber(value) ? Number(value) : classnames.length)
    if (Number.isInteger(label) && label >= 0 && label < classnames.length) return label
    throw permanent(
      `the class ${JSON.stringify(value)} is none of the ${classnames.length} of ${CLASSNAMES_FILE}`,
      { file: at },
    )
  }
}
