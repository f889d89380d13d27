import { assert, describe, it } from "@effect/vitest"
import { options, picture } from "../fixtures/job.ts"
import { ImagePool } from "./image-pool.ts"

describe("a pool of threads", () => {
  it.each(["jpg", "png", "webp"] as const)("gives back images of the format %s", async (encodeFormat) => {
    const pool = new ImagePool(options({ encodeFormat, encodeQuality: 9, resizeMode: "no" }), 2)
    try {
      const made = await Promise.all(
        [1, 2, 3].map(async () =>
          pool.process({
            bytes: new Uint8Array(await picture(40, 30)),
            expectedHash: undefined,
            boxes: undefined,
          }),
        ),
      )
      for (const image of made) assert.isTrue("bytes" in image && image.bytes.length > 0)
    } finally {
      await pool.close()
    }
  })
})
