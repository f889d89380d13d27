import { createHash, randomBytes } from "node:crypto"
import { createReadStream, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { measure, median } from "../measure.ts"

const MEGABYTE = 1 << 20
const BLOCK = 16
const BLOCKS = 64
const ROUNDS = 3

const DOCUMENT = `version: 1
name: large
stages:
  large:
    uses: bench/large
    with: { block: block.bin, blocks: ${BLOCKS} }
`

/** Seconds that Node's own SHA-256 takes for a file. */
const hashSeconds = async (file: string): Promise<number> => {
  const begun = performance.now()
  await pipeline(createReadStream(file, { highWaterMark: MEGABYTE }), createHash("sha256"))
  return (performance.now() - begun) / 1000
}

/** Seconds that writing the file takes by itself. */
const writeSeconds = (block: Buffer, file: string): number => {
  const begun = performance.now()
  for (let index = 0; index < BLOCKS; index++) writeFileSync(file, block, { flag: index === 0 ? "w" : "a" })
  return (performance.now() - begun) / 1000
}

/** An output of 1 GiB: committing it, beside Node's own SHA-256 of the same bytes, and finding it again. */
export const measureLarge = async (program: ReadonlyArray<string>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-large-"))
  try {
    const block = randomBytes(BLOCK * MEGABYTE)
    writeFileSync(join(folder, "block.bin"), block)
    writeFileSync(join(folder, "large.yaml"), DOCUMENT)
    const run = async () => (await measure([...program, "run", "large.yaml"], { cwd: folder })).seconds
    const times = { write: [0], hash: [0], first: [0], again: [0] }
    for (const list of Object.values(times)) list.pop()
    for (let round = 0; round < ROUNDS; round++) {
      const plain = join(folder, "plain.bin")
      times.write.push(writeSeconds(block, plain))
      times.hash.push(await hashSeconds(plain))
      rmSync(plain)
      if (existsSync(join(folder, ".diva-pipeline")))
        rmSync(join(folder, ".diva-pipeline"), { recursive: true })
      times.first.push(await run())
      times.again.push(await run())
    }
    const [write, hash, first, again] = [times.write, times.hash, times.first, times.again].map(median)
    const seconds = (value = Number.NaN) => `${value.toFixed(2)} s`
    process.stdout.write(`
a 1 GiB output
  writing it, plainly                 ${seconds(write)}
  Node's SHA-256 of it                ${seconds(hash)}
  a run that makes and commits it     ${seconds(first)}
  … less writing and finding it       ${seconds((first ?? 0) - (write ?? 0) - (again ?? 0))}
  found again                         ${seconds(again)}
`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
