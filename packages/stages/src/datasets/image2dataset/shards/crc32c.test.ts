import { assert, it } from "@effect/vitest"
import { crc32c } from "./crc32c.ts"

it("gives the checksums of RFC 3720, appendix B.4", () => {
  const sums = [
    [Buffer.from("123456789"), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
  ] as const
  for (const [bytes, sum] of sums) assert.strictEqual(crc32c(bytes), sum)
})
