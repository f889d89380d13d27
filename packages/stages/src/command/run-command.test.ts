import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type CommandRequest, runCommand } from "./run-command.ts"

const bare: CommandRequest = { command: "true", inputs: {}, environment: { PATH: process.env.PATH ?? "" } }

const makePlace = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "command-"))
    return { output: folder, scratch: folder }
  }),
  ({ output }) => Effect.promise(() => rm(output, { recursive: true })),
)

const read = (folder: string, file: string) => Effect.promise(() => readFile(join(folder, file), "utf8"))

describe("runCommand", () => {
  it.live("hands over inputs, variables and the output folder, and nothing secret", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const request = {
        ...bare,
        command: 'env > "$OUTPUT/variables"; pwd > "$OUTPUT/place"',
        inputs: { "my-images": "/data/images" },
        environment: { ...bare.environment, MODE: "fast" },
      }
      process.env.DIVA_TEST_SECRET = "hf_secret"
      yield* runCommand(request, place)
      delete process.env.DIVA_TEST_SECRET
      const variables = yield* read(place.output, "variables")
      for (const line of ["INPUT_MY_IMAGES=/data/images", "MODE=fast", `OUTPUT=${place.output}`])
        assert.include(variables, line)
      assert.notInclude(variables, "hf_secret")
      assert.strictEqual(yield* read(place.output, "place"), `${place.scratch}\n`)
    }).pipe(Effect.scoped),
  )

  it.live("stops at the first command that fails, and tells its code and last words", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const command = 'echo "no such model" >&2\nsh -c "exit 3"\ntouch "$OUTPUT/later"'
      const failure = yield* Effect.flip(runCommand({ ...bare, command }, place))
      assert.strictEqual(failure.reason, "permanent")
      assert.strictEqual(failure.message, "the command ended with code 3; it printed last:\n  no such model")
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(place.output)), [])
    }).pipe(Effect.scoped),
  )

  it.live("code 75 may pass, a signal is a crash", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const busy = yield* Effect.flip(runCommand({ ...bare, command: "exit 75" }, place))
      assert.strictEqual(busy.reason, "transient")
      const killed = yield* Effect.flip(runCommand({ ...bare, command: "kill -KILL $$" }, place))
      assert.strictEqual(killed.reason, "crash")
      assert.include(killed.message, "SIGKILL")
      assert.include(killed.hint ?? "", "memory")
      const within = yield* Effect.flip(runCommand({ ...bare, command: "sh -c 'kill -KILL $$'" }, place))
      assert.include(within.message, "code 137")
      assert.include(within.hint ?? "", "memory")
    }).pipe(Effect.scoped),
  )

  it.live("interrupting it ends the command", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      const command = `trap 'echo ended > "$OUTPUT/end"; exit 0' TERM; touch "$OUTPUT/begun"; while :; do sleep 0.05; done`
      const fiber = yield* Effect.forkChild(runCommand({ ...bare, command }, place))
      yield* Effect.promise(() => readdir(place.output)).pipe(
        Effect.repeat({ until: (names) => names.includes("begun") }),
      )
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* read(place.output, "end"), "ended\n")
    }).pipe(Effect.scoped),
  )

  it.live("does not wait for what the command leaves in the background", () =>
    Effect.gen(function* () {
      const place = yield* makePlace
      yield* runCommand({ ...bare, command: 'sleep 30 & echo $! > "$OUTPUT/pid"' }, place)
      const pid = Number(yield* read(place.output, "pid"))
      yield* Effect.sync(() => process.kill(pid))
    }).pipe(Effect.scoped),
  )
})
