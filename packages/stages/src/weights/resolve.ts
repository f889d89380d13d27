import { didYouMean, permanent, type StageFailure } from "@diva-pipeline/core"
import { CATALOGUE, type CatalogueEntry, type CatalogueFile } from "./catalogue/catalogue.ts"
import { checkRevision, HUB_SCHEME, type HubRevision, isSafePath, parseHubAddress } from "./hub/address.ts"
import { packagedFiles } from "./packaged.ts"

/** What the user asks for. */
export interface WeightsRequest {
  /** A name of the catalogue, or any name when the files are given whole. */
  readonly name: string
  /** A repository of the hub, all of whose files that fit are fetched. */
  readonly repository?: string | undefined
  /** A branch, a tag or a commit of it. */
  readonly revision?: string | undefined
  /** Patterns of the repository's files, as Python's `fnmatch` has them; all files without any. */
  readonly include?: ReadonlyArray<string> | undefined
  readonly exclude?: ReadonlyArray<string> | undefined
  /** Files that add to those of the catalogue or the repository, or change what they say of them. */
  readonly files: ReadonlyArray<RequestedFile>
}

export interface RequestedFile {
  readonly path: string
  /** Asked in this order, before the catalogue's mirrors. */
  readonly urls?: ReadonlyArray<string> | undefined
  readonly sha256?: string | undefined
}

/** A file that can be fetched: where it is to be had, and what is known of it. */
export interface WeightFile {
  readonly path: string
  readonly size: number | undefined
  /** Where it is unknown, the hub's own digest counts. */
  readonly sha256: string | undefined
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
 * The repository that is asked for, if one is.
 *
 * @throws StageFailure (permanent) when it can't be called so, or what is asked for does not go together
 */
export const requestedRepository = (
  { name, repository, revision, include = [], exclude = [] }: WeightsRequest,
  catalogue: ReadonlyArray<CatalogueEntry> = CATALOGUE,
): HubRevision | undefined => {
  if (repository === undefined) {
    if (revision === undefined && include.length + exclude.length === 0) return undefined
    throw permanent(
      "`revision`, `include` and `exclude` say what is taken of a repository, and none is given",
      {
        hint: "give `repository: owner/name`, or write the revision into the address: hf://owner/name@revision/path",
      },
    )
  }
  if (catalogue.some((entry) => entry.name === name))
    throw permanent(`"${name}" is the name of other weights in the catalogue`, {
      hint: "what comes from a repository needs a name of its own",
    })
  return checkRevision({ repository, revision: revision ?? "main" })
}

/**
 * Finds out what to fetch.
 *
 * @param models the folder of the models that come with the package
 * @param repository the files of the repository that was asked for
 * @throws StageFailure (permanent) for unknown names, unsafe paths, and files without digest or mirror
 */
export const resolveWeights = async (
  request: WeightsRequest,
  models: string,
  repository: ReadonlyArray<WeightFile> = [],
  catalogue: ReadonlyArray<CatalogueEntry> = CATALOGUE,
): Promise<ResolvedWeights> => {
  const entry = catalogue.find(({ name }) => name === request.name)
  if (entry === undefined && request.repository === undefined && request.files.length === 0)
    throw unknownName(request.name, catalogue)
  const known = entry === undefined ? repository : (await filesOf(entry, models)).map(knownFile)
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
    files: checkComplete(request.name, sorted),
  }
}

const filesOf = async (entry: CatalogueEntry, models: string): Promise<ReadonlyArray<CatalogueFile>> =>
  entry.files === "packaged" ? packagedFiles(models, entry.name) : entry.files

const knownFile = ({ path, size, sha256, mirrors }: CatalogueFile): WeightFile => ({
  path,
  size: size ?? undefined,
  sha256: sha256 ?? undefined,
  mirrors,
})

/** A digest that the user gives takes the place of the catalogue's, and of its size. */
const merge = (known: WeightFile | undefined, asked: RequestedFile): WeightFile => {
  const sha256 = asked.sha256?.toLowerCase() ?? known?.sha256
  return {
    path: asked.path,
    size: known !== undefined && sha256 === known.sha256 ? known.size : undefined,
    sha256,
    mirrors: [...(asked.urls ?? []), ...(known?.mirrors ?? [])],
  }
}

const checkComplete = (name: string, files: ReadonlyArray<WeightFile>): ReadonlyArray<WeightFile> => {
  const unreachable = files.filter(({ mirrors }) => mirrors.length === 0)
  if (unreachable.length > 0)
    throw permanent(`there is no URL for ${listed(unreachable)} of ${name}`, {
      hint: "give `urls` for each file that the catalogue does not have",
    })
  for (const mirror of files.flatMap(({ mirrors }) => mirrors)) {
    if (mirror.startsWith(HUB_SCHEME)) parseHubAddress(mirror)
  }
  const unchecked = files.filter(
    ({ sha256, mirrors }) => sha256 === undefined && !mirrors.some((mirror) => mirror.startsWith(HUB_SCHEME)),
  )
  if (unchecked.length === 0) return files
  throw permanent(
    `there is no sha256 for ${listed(unchecked)} of ${name}, and nothing is downloaded unchecked`,
    {
      hint: "take the digests from the publisher's page, and give them: `files: [{ path: …, sha256: … }]`",
    },
  )
}

const listed = (files: ReadonlyArray<WeightFile>): string => files.map(({ path }) => path).join(", ")

const unknownName = (name: string, catalogue: ReadonlyArray<CatalogueEntry>): StageFailure => {
  const names = catalogue.map((entry) => entry.name)
  const repository = name.replace(/^hf-hub:/, "")
  const hint = /^[\w.-]+\/[\w.-]+$/.test(repository)
    ? `a repository is asked for with \`repository: ${repository}\``
    : (didYouMean(name, names) ?? `it has ${names.join(", ")}`)
  return permanent(`the catalogue has no weights named "${name}"`, { hint })
}

const checkPath = (path: string): void => {
  if (path === MANIFEST || !isSafePath(path))
    throw permanent(`the path ${JSON.stringify(path)} is not possible for a file of weights`, {
      hint: `use relative paths without "..", other than ${MANIFEST}`,
    })
}
