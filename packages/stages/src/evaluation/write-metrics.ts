import { writeFile } from "node:fs/promises"
import { encodeMetrics, type Metrics } from "./metrics/index.ts"

/** Writes a metrics file. */
export const writeMetrics = (file: string, metrics: Metrics): Promise<void> =>
  writeFile(file, encodeMetrics(metrics))
