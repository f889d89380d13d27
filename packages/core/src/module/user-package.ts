import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Option, Schema } from "effect"

const PackageJson = Schema.Struct({ name: Schema.String, version: Schema.String })
const parse = Schema.decodeUnknownOption(Schema.fromJsonString(PackageJson))

/** A package that stages come from. */
export interface UserPackage {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly file: string
  readonly folder: string
}

const read = (file: string): typeof PackageJson.Type | undefined => {
  try {
    return Option.getOrUndefined(parse(readFileSync(file, "utf8")))
  } catch {
    return undefined
  }
}

/** The package that a file belongs to: that of the nearest package.json with a name and a version. */
export const packageOf = (path: string): UserPackage | undefined => {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, "package.json")
    const found = read(file)
    if (found !== undefined) return { ...found, file, folder }
    if (folder === dirname(folder)) return undefined
  }
}

/** The package and the stage of `package:diva-pipeline-blur/gaussian`; undefined for what isn't written so. */
export const packageAndStage = (
  uses: string,
): { readonly name: string; readonly stage: string } | undefined => {
  const [, name, stage] = /^package:((?:@[^/\s]+\/)?[^/\s@][^/\s]*)\/(\S+)$/.exec(uses) ?? []
  return name === undefined || stage === undefined ? undefined : { name, stage }
}
