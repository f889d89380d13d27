// examples/own-registry/sum.ts
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { engineLayer, loadPipeline, makeOutputs } from "diva-pipeline"
import { Console, Effect } from "effect"
import { registry } from "./stages.ts"

const here = (file: string) => new URL(file, import.meta.url)

const program = Effect.gen(function* () {
  const pipeline = yield* loadPipeline(fileURLToPath(here("sum.yaml")), {
    registry,
    params: { count: 100 },
    workingFolder: process.cwd(),
  })
  const { total } = yield* makeOutputs(pipeline)
  if (total !== undefined) yield* Console.log(readFileSync(total, "utf8").trim())
})

await Effect.runPromise(program.pipe(Effect.provide(engineLayer({ host: here("host.ts") }))))
