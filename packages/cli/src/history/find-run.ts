import { latestRun, listRuns, matchingRuns, nearest, Store } from "@diva-pipeline/core"
import { Effect } from "effect"
import { CommandFailed } from "../command-failed.ts"

/** The name of the one run that a text means; nothing given means the latest. */
export const findRun = Effect.fnUntraced(function* (text: string | undefined) {
  const { runs } = yield* Store
  const names = yield* listRuns(runs)
  const wanted = text ?? (yield* latestRun(runs)) ?? names.at(-1)
  if (wanted === undefined) {
    return yield* new CommandFailed({ message: "there are no runs in this store", exitCode: 2 })
  }
  const found = matchingRuns(names, wanted)
  const [name] = found
  if (name !== undefined && found.length === 1) return name
  const near = nearest(wanted, names)
  return yield* new CommandFailed(
    found.length > 1
      ? { message: `"${wanted}" may mean ${found.join(", ")}`, hint: "give more of the name", exitCode: 2 }
      : {
          message: `there is no run "${wanted}"`,
          hint: near === undefined ? "`diva-pipeline runs ls` lists them" : `did you mean "${near}"?`,
          exitCode: 2,
        },
  )
})
