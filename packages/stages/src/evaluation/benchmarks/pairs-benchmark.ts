import { stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { parse } from "csv-parse/sync"
import { readUtf8 } from "./utf8.ts"

/** One statement and the image that it describes. */
export interface PairSide {
  /** Question id: odd for the first image of a pair. */
  readonly id: number
  readonly statement: string
  /** Absolute path of the image. */
  readonly image: string
}

/** Two images that differ in one respect, each with its statement. */
export interface BenchmarkPair {
  readonly category: string
  readonly first: PairSide
  readonly second: PairSide
}

/** The folder of images: as MMVP's evaluation names it, and as its data set does. */
const IMAGE_FOLDERS = ["MLLM_VLM_Images", "MLLM_VLM Images"]
const EXTENSIONS = [".jpg", ".jpeg", ".png", ".webp"]
const LARGEST_CSV = 64 * 2 ** 20

/** MMVP's category for each `type` of its Questions.csv; other types are their own category. */
const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ["Orientation", "Orientation and Direction"],
  ["Presence", "Presence of Specific Features"],
  ["State", "State and Condition"],
  ["Quantity", "Quantity and Count"],
  ["Spatial", "Positional and Relational Context"],
  ["Color", "Color and Appearance"],
  ["Structural Character", "Structural Characteristics"],
  ["Text", "Texts"],
  ["Camera Perspective", "Viewpoint and Perspective"],
])

interface Row {
  readonly line: number
  readonly id: number
  readonly type: string
  readonly statement: string
}

/**
 * Reads a benchmark in MMVP-VLM's format: `Questions.csv` (a header, then `id,type,statement`, two rows a pair, the odd
 * id first) and `MLLM_VLM_Images/<type>/<id>.jpg`. As in MMVP, the first row's type names the folder of both images.
 *
 * @throws StageFailure naming the file and the row at fault
 */
export const readPairsBenchmark = async (folder: string): Promise<ReadonlyArray<BenchmarkPair>> => {
  const file = join(folder, "Questions.csv")
  const rows = parseRows(await readCsv(file), file)
  const images = await imageFolder(folder)
  const pairs: Array<BenchmarkPair> = []
  for (let index = 0; index < rows.length; index += 2) {
    const [first, second] = pairOf(rows, index, file)
    pairs.push({
      category: CATEGORIES.get(first.type) ?? first.type,
      first: await sideOf(first, join(images, first.type), file),
      second: await sideOf(second, join(images, first.type), file),
    })
  }
  if (pairs.length === 0) throw permanent("Questions.csv has no pairs below its header", { file })
  return pairs
}

const readCsv = async (file: string): Promise<string> => {
  const size = await sizeOf(file)
  if (size === undefined)
    throw permanent("the pairs benchmark has no Questions.csv", {
      file,
      hint: "a pairs benchmark is a folder with Questions.csv and MLLM_VLM_Images, as MMVP-VLM has them",
    })
  if (size > LARGEST_CSV)
    throw permanent(`Questions.csv is larger than ${LARGEST_CSV / 2 ** 20} MB`, { file })
  return (await readUtf8(file)) ?? ""
}

const sizeOf = async (file: string): Promise<number | undefined> => {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

const parseRows = (text: string, file: string): ReadonlyArray<Row> => {
  const records = parseRecords(text, file)
  const [head] = records
  if (head !== undefined && /^\d+$/.test(head.record[0]?.trim() ?? ""))
    throw permanent("the first line of Questions.csv is data; MMVP's format has a header there", {
      file: `${file}:${head.line}`,
      hint: "add a first line: Question ID,Type,Statement",
    })
  return withoutRepeats(
    records.slice(1).map(({ record, line }) => parseRow(record, line, file)),
    file,
  )
}

/** A question that comes again would count twice. */
const withoutRepeats = (rows: ReadonlyArray<Row>, file: string): ReadonlyArray<Row> => {
  const lines = new Map<number, number>()
  for (const { id, line } of rows) {
    const first = lines.get(id)
    if (first !== undefined)
      throw permanent(`question ${id} is there twice: in line ${first}, too`, { file: `${file}:${line}` })
    lines.set(id, line)
  }
  return rows
}

interface CsvRecord {
  readonly record: ReadonlyArray<string>
  readonly line: number
}

const parseRecords = (text: string, file: string): ReadonlyArray<CsvRecord> => {
  try {
    const records = parse(text, {
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      on_record: (record: string[], { lines }) => [String(lines), ...record],
    })
    return records.map(([line, ...record]) => ({ record, line: Number(line) }))
  } catch (error) {
    throw permanent(`Questions.csv is no CSV: ${error instanceof Error ? error.message : error}`, { file })
  }
}

const parseRow = (record: ReadonlyArray<string>, line: number, file: string): Row => {
  const at = `${file}:${line}`
  const [id = "", type = "", statement = ""] = record.map((cell) => cell.trim())
  if (record.length < 3)
    throw permanent(`a row needs id, type and statement, not ${record.length} cells`, { file: at })
  if (!/^[1-9]\d{0,8}$/.test(id))
    throw permanent(`a question id is a positive whole number, not "${id}"`, { file: at })
  if (type === "" || type === "." || type === ".." || /[\\/\0]/.test(type))
    throw permanent(`"${type}" can't be a type: it names a folder of images`, { file: at })
  if (statement === "") throw permanent(`question ${id} has no statement`, { file: at })
  return { line, id: Number(id), type, statement }
}

const pairOf = (rows: ReadonlyArray<Row>, index: number, file: string): readonly [Row, Row] => {
  const [first, second] = [rows[index], rows[index + 1]]
  if (first === undefined || second === undefined)
    throw permanent(`question ${first?.id} has no partner: rows come in pairs`, {
      file: `${file}:${first?.line}`,
    })
  if (first.id % 2 !== 1 || second.id % 2 !== 0)
    throw permanent(
      `questions ${first.id} and ${second.id} are no pair: the first image has an odd id, the second an even one`,
      { file: `${file}:${first.line}` },
    )
  return [first, second]
}

const imageFolder = async (folder: string): Promise<string> => {
  for (const name of IMAGE_FOLDERS) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found?.isDirectory()) return join(folder, name)
  }
  throw permanent("the pairs benchmark has no folder MLLM_VLM_Images", {
    file: join(folder, "MLLM_VLM_Images"),
  })
}

const sideOf = async ({ id, statement, line }: Row, folder: string, file: string): Promise<PairSide> => {
  for (const extension of EXTENSIONS) {
    const image = join(folder, `${id}${extension}`)
    if ((await sizeOf(image)) !== undefined) return { id, statement, image }
  }
  throw permanent(`the image of question ${id} (Questions.csv, line ${line}) is missing`, {
    file: join(folder, `${id}.jpg`),
    hint: `either add the image or remove the pair from ${file}`,
  })
}
