import { readFileSync } from "node:fs"
import { dirname, relative } from "node:path"
import { Effect } from "effect"
import {
  type Diagnostics,
  entriesOf,
  entryOf,
  isText,
  Source,
  type Span,
  type TextNode,
} from "../document/index.ts"
import { type AnyStage, isModuleName, type LoadStage, StageUnusable } from "../stage/index.ts"
import type { WholeDocument } from "./documents.ts"

/** The stages that documents name by a file or a package. */
export interface ModuleStages {
  /** The stage of a `uses`; undefined where it can't be used, which was reported. */
  readonly of: (uses: TextNode) => AnyStage | undefined
}

const keyOf = ({ value, span }: TextNode): string => JSON.stringify([span.source.folder, value])

/** Loads the stages that documents name by a file or a package. */
export const loadModuleStages = Effect.fnUntraced(function* (
  documents: ReadonlySet<WholeDocument>,
  loadStage: LoadStage | undefined,
  workingFolder: string,
  diagnostics: Diagnostics,
): Effect.fn.Return<ModuleStages> {
  const named = [...documents].flatMap(({ root }) =>
    [...entriesOf(entryOf(root, "stages")).values()].flatMap(({ value }) => entryOf(value, "uses") ?? []),
  )
  const stages = new Map<string, AnyStage | StageUnusable>()
  for (const uses of named) {
    if (!isText(uses) || !isModuleName(uses.value)) continue
    if (loadStage === undefined) {
      diagnostics.report(uses.span, "this program takes no stages from files and packages")
      continue
    }
    const { source } = uses.span
    const loaded = stages.get(keyOf(uses)) ?? (yield* loadedOrNot(loadStage(uses.value, source.folder)))
    stages.set(keyOf(uses), loaded)
    if (!(loaded instanceof StageUnusable)) continue
    const { message, hint, at } = loaded
    const related = at === undefined ? undefined : { span: placeOf(at, workingFolder), message: "it is here" }
    diagnostics.report(uses.span, `\`${uses.value}\` can't be used: ${message}`, { hint, related })
  }
  return {
    of: (uses) => {
      const loaded = stages.get(keyOf(uses))
      return loaded instanceof StageUnusable ? undefined : loaded
    },
  }
})

const loadedOrNot = (load: ReturnType<LoadStage>): Effect.Effect<AnyStage | StageUnusable> =>
  Effect.match(load, { onSuccess: (stage) => stage, onFailure: (error) => error })

const placeOf = ({ file, line, column }: NonNullable<StageUnusable["at"]>, workingFolder: string): Span => {
  let text = ""
  try {
    text = readFileSync(file, "utf8")
  } catch {
    // Then the place has no line to show.
  }
  const before = text.split("\n").slice(0, line - 1)
  const start = before.reduce((sum, { length }) => sum + length + 1, 0)
  const characters = [...(text.split("\n")[line - 1] ?? "")].slice(0, column - 1).join("").length
  return {
    source: new Source(relative(workingFolder, file), dirname(file), text),
    start: start + characters,
    end: start + characters + 1,
  }
}
