import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { makeFolder, removeFolder, run } from "./command.ts"

const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
const folder = makeFolder()
let server: Server | undefined
let address = ""
/** When each path was asked for, in milliseconds. */
const asked = new Map<string, Array<number>>()

/** Longer than what a download waits for without giving back what it holds. */
const SECONDS = 6

/** A server that is busy at first, and says until when; or refuses for good. */
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    const times = asked.get(url) ?? []
    asked.set(url, [...times, Date.now()])
    const status = Number(url.slice(1, 4))
    const isBusy = status === 429 || status === 503
    const date = new Date(Date.now() + (SECONDS + 1) * 1000).toUTCString()
    if (isBusy && times.length > 0) response.end("abc")
    else response.writeHead(status, { "retry-after": status === 503 ? date : `${SECONDS}` }).end()
  })
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve))
  const bound = server.address()
  if (bound === null || typeof bound === "string") throw new Error("the server has no port")
  address = `http://127.0.0.1:${bound.port}`
})
afterAll(async () => {
  await new Promise<unknown>((resolve) => server?.close(resolve))
  removeFolder(folder)
})

const fetchOf = (status: number): string => `  s${status}:
    uses: weights/fetch
    with: { name: mine, files: [{ path: abc.txt, urls: ["${address}/${status}"], sha256: ${sha256} }] }
`
const write = (name: string, ...statuses: ReadonlyArray<number>): void =>
  writeFileSync(join(folder, name), `version: 1\nstages:\n${statuses.map(fetchOf).join("")}`)

interface Event {
  readonly _tag: string
  readonly task?: string
  readonly wait?: number
  readonly failure?: { readonly message: string; readonly retryAfter?: number }
}

const journalOf = (summary: { readonly run: string }): ReadonlyArray<Event> =>
  readFileSync(join(folder, ".diva-pipeline/runs", summary.run, "journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

test("a server that is busy is asked again when it said, and the journal says why", async () => {
  write("busy.yaml", 429, 503)
  const { code, stdout } = await run(folder, ["run", "busy.yaml", "--json"])
  expect(code).toBe(0)
  const waits = journalOf(JSON.parse(stdout)).filter(({ _tag }) => _tag === "AttemptFailed")
  expect(waits.map(({ task }) => task).sort()).toEqual(["s429", "s503"])
  for (const { task = "", wait, failure } of waits) {
    expect(wait).toBeGreaterThanOrEqual(SECONDS - 1)
    expect(failure?.retryAfter).toBe(wait)
    expect(failure?.message).toMatch(
      new RegExp(`/${task.slice(1)}: the server answered ${task.slice(1)} .*, and asks to wait [5-7] s$`),
    )
    const [first = 0, second = 0, ...others] = asked.get(`/${task.slice(1)}`) ?? []
    expect(second - first).toBeGreaterThanOrEqual((SECONDS - 1) * 1000)
    expect(others).toEqual([])
  }
})

test("one that refuses for good is asked once, whatever it says of later", async () => {
  write("refused.yaml", 403, 404, 410)
  const { code, stdout } = await run(folder, ["run", "refused.yaml", "--json"])
  expect(code).toBe(1)
  for (const { attempts, status } of JSON.parse(stdout).tasks)
    expect([attempts, status]).toEqual([1, "failed"])
  for (const status of [403, 404, 410]) expect(asked.get(`/${status}`)).toHaveLength(1)
})
