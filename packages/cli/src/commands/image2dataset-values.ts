import { Effect } from "effect"
import { CommandFailed } from "../command-failed.ts"

const wrong = (message: string, hint: string) => new CommandFailed({ message, hint, exitCode: 2 })

/** A list as python-fire takes it: `["a","b"]`, `['a','b']`, `[a,b]`, or `a,b`. */
export const listOf = (name: string, text: string): Effect.Effect<ReadonlyArray<string>, CommandFailed> => {
  const inner = /^\s*[[(]([\s\S]*)[\])]\s*$/.exec(text)?.[1] ?? text
  if (inner.trim() === "") return Effect.succeed([])
  const parts = inner.match(/"[^"]*"|'[^']*'|[^,]+/g) ?? []
  const values = parts.map((part) => part.trim().replace(/^(["'])([\s\S]*)\1$/, "$2"))
  return values.some((value) => value === "")
    ? Effect.fail(wrong(`--${name} is no list: ${text}`, 'write it as ["a","b"]'))
    : Effect.succeed(values)
}

/** `["column","md5"]`: the column, when the kind is that of --compute_hash. */
export const pairOf = Effect.fnUntraced(function* (text: string, computeHash: string) {
  const [column, kind, ...more] = yield* listOf("verify_hash", text)
  if (column === undefined || kind === undefined || more.length > 0)
    return yield* wrong(`--verify_hash is no pair: ${text}`, 'write it as ["column","sha256"]')
  if (kind !== computeHash)
    return yield* wrong(
      `verify_hash and compute_hash must be the same but got ${kind} and ${computeHash}`,
      `add --compute_hash ${kind}`,
    )
  return column
})

/** `2/8`: the second of eight shares. */
export const shareOf = (text: string): Effect.Effect<{ part: number; of: number }, CommandFailed> => {
  const match = /^(\d+)\/(\d+)$/.exec(text)
  const [part, of] = [Number(match?.[1]), Number(match?.[2])]
  return match !== null && part >= 1 && part <= of
    ? Effect.succeed({ part: part - 1, of })
    : Effect.fail(wrong(`--split is no share: ${text}`, "write 1/8 … 8/8 on eight machines"))
}
