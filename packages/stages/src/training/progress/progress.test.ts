import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { crc32c } from "./crc32c.ts"
import { EventFile, progressPage } from "./index.ts"

const folder = mkdtempSync(join(tmpdir(), "diva-events-"))
afterAll(() => rmSync(folder, { recursive: true }))

const script = join(import.meta.dirname, "../../../../../test/reference/events.py")
const python = process.env.DIVA_REFERENCE_PYTHON

const writeEvents = (name: string): string => {
  const file = join(folder, name)
  const events = new EventFile(file, 0, 1000.5)
  for (let step = 1; step <= 300; step++)
    events.add({ step, time: 1000 + step, values: { loss: 1 / step, "learning rate": step / 4 } })
  return file
}

describe("event files", () => {
  it("have the checksums of RFC 3720", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283)
  })

  it("are records with their lengths", () => {
    const bytes = readFileSync(writeEvents("events.out.tfevents.1"))
    let count = 0
    for (let at = 0; at < bytes.length; count++) at += 16 + Number(bytes.readBigUInt64LE(at))
    expect(count).toBe(302)
  })

  // With tensorboard installed.
  it.runIf(python !== undefined)("are what TensorBoard's own reader reads", () => {
    const file = writeEvents("events.out.tfevents.2")
    const read = JSON.parse(execFileSync(python ?? "", [script, file]).toString())
    expect(read.loss).toHaveLength(300)
    expect(read.loss[299]).toEqual([300, expect.closeTo(1 / 300, 6), 1300])
    expect(read["learning rate"][7]).toEqual([8, 2, 1008])
  })
})

describe("the page of a training", () => {
  const page = (isLive: boolean) =>
    progressPage({
      title: "a <b>",
      done: 2,
      total: 5,
      isLive,
      curves: { loss: [1, 2].map((step) => ({ step, value: 3 / step })), empty: [] },
      pictures: ["before.png"],
    })

  it("shows curves with their last values", () => {
    expect(page(true)).toContain("a &lt;b>")
    expect(page(true)).toContain("1.5 at step 2; 1.5 … 3")
    // Two of five steps are two fifths of the width.
    expect(page(true)).toContain('points="128.0,0.0 256.0,160.0"')
    expect(page(true)).toContain('<circle cx="256.0" cy="160.0"')
    expect(page(true)).toContain("nothing yet")
    expect(page(true)).toContain('<img src="before.png"')
  })

  it("renews itself while there is more to come", () => {
    expect(page(true)).toContain("http-equiv")
    expect(page(false)).not.toContain("http-equiv")
  })
})
