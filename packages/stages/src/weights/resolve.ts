import { didYouMean, permanent, type StageFailure } from "@diva-pipeline/core"
import { CATALOGUE, type CatalogueEntry, type CatalogueFile } from "./catalogue.ts"
import { packagedFiles } from "./packaged.ts"

/** What the user asks for. */
export interface WeightsRequest {
  /** A name of the catalogue, or any name when the files are given whole. */
  readonly name: string
  /** Files that add to those of the catalogue, or change what it says of them. */
  readonly files: ReadonlyArray<RequestedFile>
}

export interface RequestedFile {
  readonly path: string
  /** Asked in this order, before the catalogue's mirrors. */
  readonly urls?: ReadonlyArray<string> | undefined
  readonly sha256?: string | undefined
}

/** A file that can be fetched: what it must be is known. */
export interface WeightFile {
  readonly path: string
  readonly size: number | null
  readonly sha256: string
  readonly mirrors: ReadonlyArray<string>
}

/** A checkpoint that can be fetched. */
export interface ResolvedWeights {
  readonly name: string
  readonly architecture: string | null
  readonly licence: string | null
  /** By path. */
  readonly files: ReadonlyArray<WeightFile>
}

/** The file that a fetched checkpoint's digests are written to. */
export const MANIFEST = "manifest.json"

/**
 * Finds out what to fetch.
 *
 * @param models the folder of the models that come with the package
 * @throws StageFailure (permanent) for unknown names, unsafe paths, and files without digest or mirror
 */
export const resolveWeights = async (
  request: WeightsRequest,
  models: string,
  catalogue: ReadonlyArray<CatalogueEntry> = CATALOGUE,
): Promise<ResolvedWeights> => {
  const entry = catalogue.find(({ name }) => name === request.name)
  if (entry === undefined && request.files.length === 0) throw unknownName(request.name, catalogue)
  const known = entry === undefined ? [] : await filesOf(entry, models)
  const files = new Map(known.map((file) => [file.path, file]))
  for (const asked of request.files) {
    files.set(asked.path, merge(files.get(asked.path), asked))
  }
  for (const path of files.keys()) checkPath(path)
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    name: request.name,
    architecture: entry?.architecture ?? null,
    licence: entry?.licence ?? null,
    files: complete(request.name, sorted),
  }
}

const filesOf = async (entry: CatalogueEntry, models: string): Promise<ReadonlyArray<CatalogueFile>> =>
  entry.files === "packaged" ? packagedFiles(models, entry.name) : entry.files

/** A digest that the user gives takes the place of the catalogue's, and of its size. */
const merge = (known: CatalogueFile | undefined, asked: RequestedFile): CatalogueFile => {
  const sha256 = asked.sha256?.toLowerCase() ?? known?.sha256 ?? null
  return {
    path: asked.path,
    size: known !== undefined && sha256 === known.sha256 ? known.size : null,
    sha256,
    mirrors: [...(asked.urls ?? []), ...(known?.mirrors ?? [])],
  }
}

const complete = (name: string, files: ReadonlyArray<CatalogueFile>): ReadonlyArray<WeightFile> => {
  const unreachable = files.filter(({ mirrors }) => mirrors.length === 0)
  if (unreachable.length > 0)
    throw permanent(`there is no URL for ${listed(unreachable)} of ${name}`, {
      hint: "give `urls` for each file that the catalogue does not have",
    })
  const whole: Array<WeightFile> = []
  for (const { path, size, sha256, mirrors } of files)
    if (sha256 !== null) whole.push({ path, size, sha256, mirrors })
  if (whole.length === files.length) return whole
  throw permanent(
    `there is no sha256 for ${listed(files.filter(({ sha256 }) => sha256 === null))} of ${name}, and nothing is downloaded unchecked`,
    {
      hint: "take the digests from the publisher's page, and give them: `files: [{ path: …, sha256: … }]`",
    },
  )
}

const listed = (files: ReadonlyArray<CatalogueFile>): string => files.map(({ path }) => path).join(", ")

const unknownName = (name: string, catalogue: ReadonlyArray<CatalogueEntry>): StageFailure => {
  const hint = didYouMean(
    name,
    catalogue.map((entry) => entry.name),
  )
  return permanent(`the catalogue has no weights named "${name}"`, { ...(hint !== undefined && { hint }) })
}

const checkPath = (path: string): void => {
  const isSafe =
    path !== MANIFEST &&
    !/^[A-Za-z]:|\\|\0/.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  if (!isSafe)
    throw permanent(`the path ${JSON.stringify(path)} is not possible for a file of weights`, {
      hint: `use relative paths without "..", other than ${MANIFEST}`,
    })
}
