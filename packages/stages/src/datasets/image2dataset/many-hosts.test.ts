import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Exit } from "effect"
import { send, startServer } from "../../network/fixtures/faulty-server.ts"
import { makeFolder, picture, readParquet, run } from "./fixtures/job.ts"
import { startNameServer } from "./fixtures/name-server.ts"

/** `DIVA_HOSTS=100000` takes a minute. */
const HOSTS = Number(process.env.DIVA_HOSTS ?? 5000)
const SHARD = 1000

it(`each of ${HOSTS} hosts that do not exist has one status, and one that does is found among them`, {
  timeout: 600_000,
}, async () => {
  using folder = makeFolder()
  await using names = await startNameServer({})
  await using server = await startServer({ "/": send(await picture(40, 30)) })
  const urls = Array.from({ length: HOSTS }, (_, index) =>
    index === HOSTS / 2 ? `${server.url}/x` : `http://host-${index}.example/x`,
  )
  const list = join(folder.path, "list.txt")
  await writeFile(list, urls.join("\n"))
  const outcome = await run(folder.path, list, {
    resolvers: [names.address],
    numberSamplePerShard: SHARD,
    threadCount: 256,
  })
  assert.isTrue(Exit.isSuccess(outcome.exit), String(outcome.exit))
  const { count, successes, reasons } = await outcome.summary()
  assert.deepStrictEqual([count, successes], [HOSTS, 1])
  // A name server that is asked much loses some questions.
  const known = /Name or service not known|Temporary failure in name resolution/
  let failed = 0
  for (const [reason, times] of Object.entries(reasons)) if (known.test(reason)) failed += times
  assert.strictEqual(failed, HOSTS - 1)
  let at = 0
  for (let shard = 0; shard < HOSTS / SHARD; shard++) {
    const { rows } = await readParquet(join(outcome.shards, `${String(shard).padStart(5, "0")}.parquet`))
    for (const row of rows) {
      assert.strictEqual(row.url, urls[at])
      assert.strictEqual(row.status, at++ === HOSTS / 2 ? "success" : "failed_to_download")
    }
  }
  assert.strictEqual(at, HOSTS)
})
