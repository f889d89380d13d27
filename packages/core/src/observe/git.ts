import { execFile } from "node:child_process"
import { readFileSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { Effect } from "effect"

/** What is checked out in a folder. */
export interface Checkout {
  readonly commit: string
  readonly branch?: string
}

const readOrNone = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim()
  } catch {
    return undefined
  }
}

/** `.git` of the nearest folder upwards that has one; in a linked work tree it is a file that names another place. */
const findGitFolder = (folder: string): string | undefined => {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, ".git")
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats?.isDirectory()) return path
    const [, named] = /^gitdir: (.+)$/.exec((stats?.isFile() && readOrNone(path)) || "") ?? []
    if (named !== undefined) return resolve(at, named)
    if (dirname(at) === at) return undefined
  }
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/

/** The commit that a ref (`refs/heads/main`) names. A linked work tree shares its refs with the main one. */
const resolveRef = (git: string, ref: string): string | undefined => {
  const common = resolve(git, readOrNone(join(git, "commondir")) ?? ".")
  for (const place of [git, common]) {
    const loose = readOrNone(join(place, ref))
    if (loose !== undefined) return loose
  }
  const packed = readOrNone(join(common, "packed-refs"))?.split("\n") ?? []
  return packed.find((line) => line.endsWith(` ${ref}`))?.split(" ")[0]
}

/** What is checked out, read from git's own files: quick, and without a git program. */
export const readCheckout = (folder: string): Checkout | undefined => {
  const git = findGitFolder(folder)
  const head = git === undefined ? undefined : readOrNone(join(git, "HEAD"))
  if (git === undefined || head === undefined) return undefined
  const ref = head.startsWith("ref: ") ? head.slice("ref: ".length) : undefined
  const commit = ref === undefined ? head : resolveRef(git, ref)
  if (commit === undefined || !COMMIT.test(commit)) return undefined
  return { commit, ...(ref?.startsWith("refs/heads/") && { branch: ref.slice("refs/heads/".length) }) }
}

/** Milliseconds after which git's answer is no longer waited for. */
const PATIENCE = 5000
const STATUS = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no"]

/** Whether files that git knows differ from the commit; undefined where git cannot say. */
export const isDirty = (folder: string): Effect.Effect<boolean | undefined> =>
  Effect.callback((resume) => {
    const options = { cwd: folder, timeout: PATIENCE, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile("git", STATUS, options, (error, stdout) =>
      resume(Effect.succeed(error === null ? stdout !== "" : undefined)),
    )
    return Effect.sync(() => child.kill())
  })
