import { defineConfig } from "vitest/config"
import { TotalsReporter } from "./test/totals-reporter.ts"

export default defineConfig({
  // Tests run the sources; only end-to-end tests run the built command.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "examples/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", new TotalsReporter()],
  },
})
