import { chmodSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect } from "vitest"
import { type CommandOptions, type Ended, makeFolder, removeFolder, start } from "../command/command.ts"

/** Nothing that was printed may be the program's own mistake showing through, or steer the terminal. */
export const expectClean = ({ stdout, stderr }: Ended): void => {
  const text = stdout + stderr
  // A failure says where the pipeline declares its stage: `at work.yaml:3:5`.
  expect(text).not.toMatch(/^\s+at (?!\S+\.ya?ml:\d+:\d+$)/m)
  expect(text).not.toContain("[object Object]")
  expect(text).not.toMatch(/\bundefined\b|\bNaN\b/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
}

/** A folder with a pipeline, as a user has it. */
export class Place {
  readonly folder: string = makeFolder()
  readonly store: string = join(this.folder, ".diva-pipeline")
  readonly results: string = join(this.folder, "results", "work")

  /** Writes `work.yaml` with these stages, and outputs by name: `{ all: "last.output" }`. */
  write(stages: string, outputs: Readonly<Record<string, string>> = {}): void {
    const lines = Object.entries(outputs).map(([name, value]) => {
      const [stage, output] = value.split(".")
      return `  ${name}: \${{ stages.${stage}.outputs.${output} }}\n`
    })
    const end = lines.length === 0 ? "" : `outputs:\n${lines.join("")}`
    this.writeDocument(`version: 1\nname: work\nstages:\n${stages}\n${end}`)
  }

  /** Writes `work.yaml` as a whole. */
  writeDocument(text: string): void {
    writeFileSync(join(this.folder, "work.yaml"), text)
  }

  /** Runs the command to its end; whatever it does, it must say so in clean words. */
  async command(args: ReadonlyArray<string>, options: CommandOptions = {}): Promise<Ended> {
    const ended = await start(this.folder, args, options).ended
    expectClean(ended)
    return ended
  }

  /** Runs `work.yaml`. */
  run(args: ReadonlyArray<string> = [], options: CommandOptions = {}): Promise<Ended> {
    return this.command(["run", "work.yaml", ...args], options)
  }

  /** Runs `work.yaml`, which must succeed; gives what was shown. */
  async succeed(args: ReadonlyArray<string> = [], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options)
    expect(code, stderr).toBe(0)
    expect(this.leftovers()).toEqual([])
    return stderr + stdout
  }

  /** Runs `work.yaml`, which must fail; gives what was shown. */
  async fail(args: ReadonlyArray<string> = [], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options)
    expect(code, stderr + stdout).toBe(1)
    return stderr + stdout
  }

  /** What running attempts have left in the store. */
  leftovers(): ReadonlyArray<string> {
    return this.filesOf("work")
  }

  /** Files below a folder of the store, relative to the store. */
  filesOf(part: string): ReadonlyArray<string> {
    try {
      return readdirSync(join(this.store, part), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    } catch {
      return []
    }
  }

  /** The text of a file in the folder. */
  textOf(path: string): string {
    return readFileSync(join(this.folder, path), "utf8")
  }

  /** A result's text. */
  result(path: string): string {
    return readFileSync(join(this.results, path), "utf8")
  }

  /** Overwrites a file of the store, which is read-only. */
  damage(file: string, change: (content: Buffer) => Buffer): void {
    const content = change(readFileSync(file))
    const { mode } = lstatSync(file)
    chmodSync(file, 0o644)
    writeFileSync(file, content)
    chmodSync(file, mode)
  }
}

/** A new place for each test, removed after it. */
export const usePlace = (): (() => Place) => {
  let place: Place | undefined
  afterEach(() => {
    if (place !== undefined) removeFolder(place.folder)
    place = undefined
  })
  return () => {
    place ??= new Place()
    return place
  }
}
