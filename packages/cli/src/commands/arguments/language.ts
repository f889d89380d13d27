import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { json, output } from "./flags.ts"

/** `diva-pipeline schema` */
export const schema = Command.make(
  "schema",
  {
    document: Argument.Path("document", { pathType: "file" }).pipe(
      Argument.withDescription(
        "A pipeline whose own stages, packages and documents the schema shall know, too",
      ),
      Argument.optional,
    ),
    output,
  },
  (options) =>
    Effect.promise(() => import("../schema.ts")).pipe(Effect.flatMap((command) => command.schema(options))),
).pipe(
  Command.withDescription("Print the JSON Schema of pipelines, for editors: they complete and check with it"),
)

/** `diva-pipeline stages` */
export const stages = Command.make(
  "stages",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("Show this stage's inputs and outputs"),
      Argument.optional,
    ),
    json,
  },
  (options) =>
    Effect.promise(() => import("../stages.ts")).pipe(Effect.flatMap((command) => command.stages(options))),
).pipe(Command.withDescription("List the stages, or show one in detail"))
