import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { runCommandLine } from "./command-line.ts"

runCommandLine(process.argv.slice(2)).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true }),
)
