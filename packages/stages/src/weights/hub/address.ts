import { permanent } from "@diva-pipeline/core"

/** The scheme of files on the hub, as huggingface_hub writes it: `hf://owner/name@revision/path`. */
export const HUB_SCHEME = "hf://"

/** A repository of models or of data at one of its revisions. */
export interface HubRevision {
  /** `owner/name`, or `datasets/owner/name`. */
  readonly repository: string
  /** A branch, a tag, or a commit. */
  readonly revision: string
}

/** A file of a repository. */
export interface HubAddress extends HubRevision {
  readonly path: string
}

const ADDRESS =
  /^hf:\/\/(?:models\/)?((?:datasets\/)?[^/@]+\/[^/@]+)(?:@(refs\/(?:pr\/\d+|convert\/[\w.-]+)|[^/]+))?\/(.+)$/
const REPOSITORY = /^(?:datasets\/)?[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/
const REVISION = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w][\w./+-]*$/

/** Whether a revision is a commit, and so will always be the same. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

/** @throws StageFailure (permanent) when it is no address on the hub */
export const parseHubAddress = (address: string): HubAddress => {
  const [, repository, revision = "main", path] = ADDRESS.exec(address) ?? []
  if (repository === undefined || path === undefined)
    throw permanent(`${address} is no address on the hub`, {
      hint: "write it as hf://owner/name/path, or hf://owner/name@revision/path",
    })
  if (!isSafePath(path)) throw permanent(`${address} leads out of its repository`)
  return { ...checkRevision({ repository, revision: decode(revision) }), path }
}

/** Whether a path stays in the folder that it is meant for, on every system. */
export const isSafePath = (path: string): boolean =>
  !/^[A-Za-z]:|\\|\0/.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..")

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @throws StageFailure (permanent) when a repository or a revision can't be called so */
export const checkRevision = (asked: HubRevision): HubRevision => {
  const { repository, revision } = asked
  if (!REPOSITORY.test(repository) || /--|\.\./.test(repository))
    throw permanent(`${JSON.stringify(repository)} is no name of a repository`, {
      hint: "write it as owner/name",
    })
  if (!REVISION.test(revision))
    throw permanent(`${JSON.stringify(revision)} is no revision of ${repository}`, {
      hint: "give a branch, a tag, or a commit",
    })
  return asked
}

/** How a file is shown, and written into the manifest. */
export const hubAddress = ({ repository, revision, path }: HubAddress): string =>
  `${HUB_SCHEME}${repository}@${isCommit(revision) ? revision : encodeURIComponent(revision)}/${path}`
