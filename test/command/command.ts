import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** The root of the repository. */
export const root = resolve(import.meta.dirname, "../..")
const program = join(root, "packages", "cli", "bin", "diva-pipeline")

/** What the test runner says of colours is not for the command. */
const { NO_COLOR: _no, FORCE_COLOR: _force, ...plain } = process.env

/** What a command has printed, and how it ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when so many lines have been printed, or at the end. */
  readonly printed: (lines: number) => Promise<void>
  /** Resolves when a text was printed, or at the end. */
  readonly says: (text: string) => Promise<void>
}

export interface CommandOptions {
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** A folder of a test's own, as a user's working directory. */
export const makeFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), "diva-command-")))

/** Removes such a folder, with the store in it, which is read-only. */
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** Starts the built command in a folder. */
export const start = (
  folder: string,
  args: ReadonlyArray<string>,
  { env = {} }: CommandOptions = {},
): Running => {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...plain, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const texts = { stdout: "", stderr: "" }
  const all = () => texts.stdout + texts.stderr
  const waiting = new Set<() => void>()
  const notify = () => {
    for (const look of waiting) look()
  }
  let isOver = false
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
      notify()
    })
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      isOver = true
      notify()
      resolve({ code, ...texts })
    })
  })
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isOver && !condition()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    process: child,
    ended,
    printed: (lines) => until(() => all().split("\n").length > lines),
    says: (text) => until(() => all().includes(text)),
  }
}

/** Runs the built command to its end. */
export const run = (
  folder: string,
  args: ReadonlyArray<string>,
  options: CommandOptions = {},
): Promise<Ended> => start(folder, args, options).ended
