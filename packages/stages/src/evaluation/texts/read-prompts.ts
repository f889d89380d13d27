import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { permanent } from "@diva-pipeline/core"
import { Type } from "typebox"
import { Value } from "typebox/value"
import { checkTemplates, readUtf8, splitLines, type Templates } from "../benchmarks/index.ts"

const Templated = Type.Array(Type.String(), { minItems: 1 })
const ByClass = Type.Record(Type.String(), Templated)

/**
 * Reads prompts of the user's own: a text with a template a line, or JSON with a list of templates, or with a list of
 * prompts for each class (such as CuPL's).
 *
 * @param source the file, or a folder with nothing else in it
 * @throws StageFailure saying what is wrong with it
 */
export const readPrompts = async (source: string): Promise<Templates> => {
  const file = await fileOf(source)
  const text = (await readUtf8(file)) ?? ""
  if (!file.endsWith(".json")) {
    const lines = splitLines(text).map((line) => line.trim())
    return checkTemplates(
      lines.filter((line) => line !== ""),
      file,
    )
  }
  const value = parse(text, file)
  if (Value.Check(Templated, value)) return checkTemplates(value, file)
  if (Value.Check(ByClass, value)) return new Map(Object.entries(value))
  throw permanent("the prompts are neither a list of templates nor lists of prompts by class name", { file })
}

const fileOf = async (source: string): Promise<string> => {
  if ((await stat(source)).isFile()) return source
  const files = (await readdir(source)).filter((name) => /\.(txt|json)$/.test(name))
  if (files.length === 1) return join(source, files[0] ?? "")
  throw permanent("the folder of prompts needs one .txt or .json file", { file: source })
}

const parse = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw permanent("the file of prompts is not JSON", { file })
  }
}
