import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Console, Effect, FileSystem } from "effect"
import { CommandFailed } from "../command-failed.ts"

/** A file that is to be written: a template, with the names in it exchanged. */
interface NewFile {
  /** Below `templates/`. */
  readonly template: string
  /** Where it goes, relative to the working folder. */
  readonly target: string
}

/** What `new` makes. */
interface Making {
  readonly files: ReadonlyArray<NewFile>
  /** What stands in the templates, and what takes its place. */
  readonly names: ReadonlyArray<readonly [found: RegExp, name: string]>
  /** What to do next, a line each. */
  readonly next: ReadonlyArray<string>
}

/** The templates are files that work as they are; they come with the command's package. */
const templates = fileURLToPath(new URL("templates/", import.meta.resolve("diva-pipeline/package.json")))

/** File systems take no more than 255 bytes, and people read less. */
const NAME = /^[a-z][a-z0-9-]{0,63}$/
const PACKAGE_NAME = /^(@[a-z0-9][a-z0-9._-]{0,99}\/)?[a-z0-9][a-z0-9._-]{0,99}$/

const checkName = (what: string, pattern: RegExp, name: string, hint: string) =>
  pattern.test(name)
    ? Effect.void
    : Effect.fail(
        new CommandFailed({ message: `\`${name}\` can't be the name of a ${what}`, hint, exitCode: 2 }),
      )

const SMALL = "names are small letters, digits and -, and begin with a letter: count-lines"

/** `diva-pipeline new stage` */
export const stage = Effect.fn("new stage")(function* ({ name }: { readonly name: string }) {
  yield* checkName("stage", NAME, name, SMALL)
  yield* make({
    files: [
      { template: "stage/count-lines.ts", target: `stages/${name}.ts` },
      { template: "stage/count-lines.test.ts", target: `stages/${name}.test.ts` },
    ],
    names: [[/count-lines/g, name]],
    next: [`npx node --test stages/${name}.test.ts`, `in a document beside it: uses: ./stages/${name}.ts`],
  })
})

/** `diva-pipeline new pipeline` */
export const pipeline = Effect.fn("new pipeline")(function* ({ name }: { readonly name: string }) {
  yield* checkName("pipeline", NAME, name, SMALL)
  yield* make({
    files: [{ template: "pipeline/scores.yaml", target: `${name}.yaml` }],
    names: [[/\bscores\b/g, name]],
    next: [`diva-pipeline plan ${name}.yaml`, `diva-pipeline run ${name}.yaml`],
  })
})

/** Files of a package by their names here; npm would not pack a `.gitignore`. */
const PACKAGE_FILES: ReadonlyArray<readonly [template: string, target: string]> = [
  ["package/package.json", "package.json"],
  ["package/tsconfig.json", "tsconfig.json"],
  ["package/gitignore", ".gitignore"],
  ["package/README.md", "README.md"],
  ["package/example.yaml", "example.yaml"],
  ["package/src/index.ts", "src/index.ts"],
  ["stage/count-lines.ts", "src/count-lines.ts"],
  ["stage/count-lines.test.ts", "src/count-lines.test.ts"],
]

/** `diva-pipeline new package` */
export const packageOfStages = Effect.fn("new package")(function* ({ name }: { readonly name: string }) {
  yield* checkName("package", PACKAGE_NAME, name, "names are npm's: text-stages, @my/text-stages")
  const folder = basename(name)
  yield* make({
    files: PACKAGE_FILES.map(([template, target]) => ({ template, target: `${folder}/${target}` })),
    names: [
      [/my-stages/g, name],
      [/\bown\/(?=count-lines)/g, `${folder}/`],
    ],
    next: [`cd ${folder}`, "npm test", "npm run example"],
  })
})

/** Writes all files, or none where one of them is there. */
const make = Effect.fnUntraced(function* ({ files, names, next }: Making) {
  const fs = yield* FileSystem.FileSystem
  for (const { target } of files) {
    if (!(yield* Effect.orElseSucceed(fs.exists(target), () => true))) continue
    return yield* new CommandFailed({
      message: `${target} is there already; nothing was written`,
      hint: "choose another name, or move it away",
    })
  }
  for (const file of files) {
    yield* write(file, names).pipe(
      Effect.mapError(
        ({ message }) => new CommandFailed({ message: `cannot write ${file.target}: ${message}` }),
      ),
    )
  }
  const lines = (title: string, texts: ReadonlyArray<string>) => [title, ...texts.map((text) => `  ${text}`)]
  const written = files.map(({ target }) => target)
  yield* Console.log([...lines("written", written), ...lines("next", next)].join("\n"))
})

const write = Effect.fnUntraced(function* ({ template, target }: NewFile, names: Making["names"]) {
  const fs = yield* FileSystem.FileSystem
  let text = yield* fs.readFileString(join(templates, template))
  for (const [found, name] of names) text = text.replaceAll(found, name)
  yield* fs.makeDirectory(dirname(target), { recursive: true })
  yield* fs.writeFileString(target, text, { flag: "wx" })
})
