import { permanent } from "@diva-pipeline/core"
import type { WeightFile } from "../resolve.ts"
import { hubAddress } from "./address.ts"
import type { HubSnapshot } from "./snapshot.ts"

/**
 * The files of a repository that are asked for.
 *
 * @throws StageFailure (permanent) when there are none
 */
export const repositoryFiles = (
  { repository, revision, files }: HubSnapshot,
  include: ReadonlyArray<string>,
  exclude: ReadonlyArray<string>,
): ReadonlyArray<WeightFile> => {
  const wanted = include.map(patternOf)
  const unwanted = exclude.map(patternOf)
  const paths = [...files.keys()].filter(
    (path) =>
      (wanted.length === 0 || wanted.some((pattern) => pattern.test(path))) &&
      !unwanted.some((pattern) => pattern.test(path)),
  )
  if (paths.length === 0)
    throw permanent(`${repository} has no file that is asked for`, {
      hint: `it has ${[...files.keys()].slice(0, 20).join(", ") || "none at all"}`,
    })
  return paths.map((path) => ({
    path,
    // The hub's own words on size and digest are asked for with each file.
    size: undefined,
    sha256: undefined,
    mirrors: [hubAddress({ repository, revision, path })],
  }))
}

/** A pattern as Python's fnmatch has it, for huggingface_hub's `allow_patterns`: `*` goes over folders, too. */
const patternOf = (pattern: string): RegExp => {
  const whole = pattern.endsWith("/") ? `${pattern}*` : pattern
  const source = whole.replace(
    /\[(!?)([^\]]+)\]|[*?]|[\\^$.+()[\]{}|]/g,
    (sign, not?: string, set?: string) => {
      if (set !== undefined) return `[${not === "!" ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`
      if (sign === "*") return ".*"
      return sign === "?" ? "." : `\\${sign}`
    },
  )
  return new RegExp(`^${source}$`, "s")
}
