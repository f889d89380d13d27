import { expect, test } from "vitest"
import { killCampaign } from "../soak/kills.ts"

// `npm run soak engine -- --kills 200` does the same for longer.
test.skipIf(process.platform !== "linux")(
  "whatever is killed at whatever instant, the next run completes with the same bytes and repeats nothing",
  async () => {
    const { kills, violations } = await killCampaign({ kills: 12, seed: 4 })
    expect(violations).toEqual([])
    expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(12)
  },
  240_000,
)
