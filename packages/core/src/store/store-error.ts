import { Data, PlatformError, Predicate } from "effect"

/** The store could not be read or written: a full disk, missing permissions, a broken device. */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly message: string
  /** What the reader can do. */
  readonly hint: string
  readonly path: string
  /** The system's own word for it, such as `ENOSPC`; empty where it gave none. */
  readonly code: string
}> {}

/** Why an artefact in the store cannot be used. */
export class ArtefactDamaged extends Data.TaggedError("ArtefactDamaged")<{
  readonly digest: string
  readonly message: string
}> {}

/** Why a stage's output cannot become an artefact. */
export class ArtefactRefused extends Data.TaggedError("ArtefactRefused")<{
  readonly message: string
}> {}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on that disk and run again: what is finished is kept",
  EDQUOT: "your disk quota is used up; free some space and run again: what is finished is kept",
  EACCES: "give yourself write permission there, or choose another folder",
  EPERM: "give yourself write permission there, or choose another folder",
  EROFS: "that file system is read-only: choose another folder",
  EMFILE: "raise the limit of open files (`ulimit -n`) and run again",
  ENOENT: "run again; if it stays so, something else removes files there",
  EISDIR: "move it away, or choose another folder",
  ENOTDIR: "move the file away that stands for a folder, or choose another folder",
  EEXIST: "move it away, or choose another folder",
  ELOOP: "check the symbolic links on that path",
  ENAMETOOLONG: "choose shorter names",
}

const words: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files",
  ENOENT: "no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "something else is there",
  ENOTEMPTY: "a folder is there that is not empty",
  EIO: "the disk has a fault",
  ELOOP: "its symbolic links go round in a circle",
  ENAMETOOLONG: "the name is too long",
}

const codesOfTags: Readonly<Record<string, string>> = {
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  AlreadyExists: "EEXIST",
}

/** The system's error code (`ENOENT`) behind an error of Node or of Effect's FileSystem, or an empty string. */
export const errorCode = (cause: unknown): string => {
  if (cause instanceof PlatformError.PlatformError) {
    const inner = errorCode(cause.reason.cause)
    return inner === "" ? (codesOfTags[cause.reason._tag] ?? "") : inner
  }
  return Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : ""
}

/** Turns whatever a file operation failed with into one clear error. */
export const storeError =
  (doing: string, path: string) =>
  (cause: unknown): StoreError => {
    const code = errorCode(cause)
    const why = words[code] ?? (cause instanceof Error ? cause.message : String(cause))
    return new StoreError({
      message: `cannot ${doing} ${path}: ${why}`,
      hint: hints[code] ?? "check the disk and run again",
      path,
      code,
    })
  }

/** Whether something failed because nothing may be written there, however much space there is. */
export const isReadOnly = ({ code }: StoreError): boolean => ["EROFS", "EACCES", "EPERM"].includes(code)
