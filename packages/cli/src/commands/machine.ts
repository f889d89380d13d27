import { nearest, type Pipeline, parseSize, type Resources, SIZE_EXAMPLES } from "@diva-pipeline/core"
import { Effect } from "effect"
import { CommandFailed } from "../command-failed.ts"

const wrong = (message: string, hint?: string): Effect.Effect<never, CommandFailed> =>
  Effect.fail(
    new CommandFailed({ message: `--resource ${message}`, exitCode: 2, ...(hint !== undefined && { hint }) }),
  )

const numberOf = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN)

const cores = (text: string): Effect.Effect<number, CommandFailed> =>
  numberOf(text) > 0 ? Effect.succeed(numberOf(text)) : wrong(`cpu=${text}: cores are a number above 0`)

const megabytes = (text: string): Effect.Effect<number, CommandFailed> => {
  const size = parseSize(text)
  return size === undefined
    ? wrong(`memory=${text}: this is no size`, `sizes look ${SIZE_EXAMPLES.replace("such as", "like")}`)
    : Effect.succeed(size)
}

const whole = (name: string, text: string, least: number): Effect.Effect<number, CommandFailed> =>
  Number.isSafeInteger(numberOf(text)) && numberOf(text) >= least
    ? Effect.succeed(numberOf(text))
    : wrong(`${name}=${text}: this must be a whole number, at least ${least}`)

/** A pool of the pipeline's, large enough for each of its tasks. */
const pool = Effect.fnUntraced(function* (pipeline: Pipeline, name: string, text: string) {
  const known = ["network", ...Object.keys(pipeline.pools)]
  if (!known.includes(name)) {
    const near = nearest(name, ["cpu", "memory", "gpu", ...known])
    const hint =
      near === undefined ? `the document declares it: pools: { ${name}: 1 }` : `did you mean "${near}"?`
    return yield* wrong(`${name}=${text}: the pipeline has no pool "${name}"`, hint)
  }
  const size = yield* whole(name, text, 1)
  for (const { id, resources } of pipeline.tasks) {
    const most = Math.max(...resources.map(({ pools }) => pools[name] ?? 0))
    if (most > size) return yield* wrong(`${name}=${text}: ${id} takes ${most} of it`)
  }
  return size
})

/** What tasks may hold at a time, as far as `--resource` says so; wrong amounts end the command with code 2. */
export const machineOf = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  given: Readonly<Record<string, string>>,
): Effect.fn.Return<Partial<Resources>, CommandFailed> {
  const { cpu, memory, gpu, ...others } = given
  const pools: Record<string, number> = {}
  for (const [name, text] of Object.entries(others)) pools[name] = yield* pool(pipeline, name, text)
  return {
    pools,
    ...(cpu !== undefined && { cpu: yield* cores(cpu) }),
    ...(memory !== undefined && { memory: yield* megabytes(memory) }),
    ...(gpu !== undefined && { gpu: yield* whole("gpu", gpu, 0) }),
  }
})
