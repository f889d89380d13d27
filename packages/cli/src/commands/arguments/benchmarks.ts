import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { json, store } from "./flags.ts"

/** `diva-pipeline benchmarks` */
export const benchmarks = Command.make(
  "benchmarks",
  {
    root: Flag.Path("root").pipe(
      Flag.withDescription("A folder of benchmarks' folders (repeatable; `benchmarks` where none is given)"),
      Flag.between(0, 100),
    ),
    store,
    json,
  },
  (options) =>
    Effect.promise(() => import("../benchmarks.ts")).pipe(
      Effect.flatMap((command) => command.benchmarks(options)),
    ),
).pipe(Command.withDescription("List the benchmarks, and say which are at hand"))
